//! The people of the sandbox: the same ones at every imitated service.
//!
//! The first is an ordinary person, so that whoever takes the first choice of every page succeeds.

/// Somebody with an account at every imitated service.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// Short name: login, user name, and the value of the button on the sign-in page.
    pub(crate) slug: &'static str,
    /// For people.
    pub(crate) name: &'static str,
    /// Services with numeric ids.
    pub(crate) number: u64,
    /// Services with ids of 24 hexadecimal characters.
    pub(crate) object_id: &'static str,
    /// Their addresses; exactly one is primary.
    pub(crate) emails: &'static [Email],
    /// Whether the primary address is part of the public profile.
    pub(crate) shows_email: bool,
    /// Whether their organisation lets only approved apps in.
    pub(crate) walled: bool,
    /// What makes this person worth a test.
    pub(crate) note: &'static str,
}

/// An address as a service knows it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Email {
    pub(crate) address: &'static str,
    pub(crate) primary: bool,
    pub(crate) verified: bool,
}

const fn primary(address: &'static str, verified: bool) -> Email {
    Email {
        address,
        primary: true,
        verified,
    }
}

/// Everybody, in the order of the sign-in page.
pub(crate) static PEOPLE: &[Person] = &[
    Person {
        slug: "mona",
        name: "Mona Lisa",
        number: 1001,
        object_id: "5f0000000000000000001001",
        emails: &[primary("mona@example.com", true)],
        shows_email: true,
        walled: false,
        note: "mona@example.com",
    },
    Person {
        slug: "grace",
        name: "Grace Quiet",
        number: 1002,
        object_id: "5f0000000000000000001002",
        emails: &[
            Email {
                address: "grace@old.example.com",
                primary: false,
                verified: true,
            },
            primary("grace@example.com", true),
        ],
        shows_email: false,
        walled: false,
        note: "no public e-mail address",
    },
    Person {
        slug: "newton",
        name: "Newton Unproven",
        number: 1003,
        object_id: "5f0000000000000000001003",
        emails: &[primary("newton@example.com", false)],
        shows_email: true,
        walled: false,
        note: "e-mail address not verified",
    },
    Person {
        slug: "ada",
        name: "Ada Second",
        number: 1004,
        object_id: "5f0000000000000000001004",
        emails: &[primary("ada@example.com", true)],
        shows_email: true,
        walled: false,
        note: "ada@example.com",
    },
    Person {
        slug: "otto",
        name: "Otto Walled",
        number: 1005,
        object_id: "5f0000000000000000001005",
        emails: &[primary("otto@example.com", true)],
        shows_email: true,
        walled: true,
        note: "works where only vetted apps are let in",
    },
];

impl Person {
    /// The person whose button has this value.
    pub(crate) fn by_slug(slug: &str) -> Option<&'static Self> {
        PEOPLE.iter().find(|person| person.slug == slug)
    }

    /// The primary address.
    pub(crate) fn primary_email(&self) -> Option<&'static Email> {
        self.emails.iter().find(|email| email.primary)
    }

    /// Where their accounts live, at services with regions.
    pub(crate) fn region(&self) -> &'static str {
        match self.slug {
            "ada" => "EU",
            _ => "US",
        }
    }

    /// A uuid of theirs.
    pub(crate) fn uuid(&self) -> String {
        format!("00000000-0000-4000-8000-{:012}", self.number)
    }

    /// Whether the primary address is proven.
    pub(crate) fn is_verified(&self) -> bool {
        self.primary_email().is_some_and(|email| email.verified)
    }

    /// The address in the public profile.
    pub(crate) fn public_email(&self) -> Option<&'static str> {
        self.primary_email()
            .filter(|_| self.shows_email)
            .map(|email| email.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn whoever_takes_the_first_choice_is_an_ordinary_person() {
        let first = &PEOPLE[0];
        assert!(first.primary_email().is_some_and(|email| email.verified));
        assert!(first.public_email().is_some());
    }

    #[test]
    fn there_is_somebody_unverified_and_somebody_without_public_address() {
        let unverified = |person: &Person| person.primary_email().is_some_and(|email| !email.verified);
        assert!(PEOPLE.iter().any(unverified));
        assert!(PEOPLE.iter().any(|person| person.public_email().is_none()));
    }

    #[test]
    fn people_are_told_apart_by_every_id() {
        let slugs: BTreeSet<_> = PEOPLE.iter().map(|person| person.slug).collect();
        let numbers: BTreeSet<_> = PEOPLE.iter().map(|person| person.number).collect();
        let ids: BTreeSet<_> = PEOPLE.iter().map(|person| person.object_id).collect();
        assert_eq!([slugs.len(), numbers.len(), ids.len()], [PEOPLE.len(); 3]);
        for person in PEOPLE {
            assert_eq!(
                person.emails.iter().filter(|email| email.primary).count(),
                1,
                "{}",
                person.slug
            );
        }
    }
}
