//! Who may sign in: one pure decision.

use codestream_protocol::UserId;

use super::refusal::Refusal;
use crate::providers::Email;

/// What the store knows about the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// The user who signs in as this identity.
    Identity(UserId),
    /// The user of this e-mail address, who has not signed in as this identity.
    Email {
        /// The lower-case name of the service that the user signed up with.
        signed_up_with: Option<String>,
    },
    /// Nobody.
    Nobody,
}

/// Who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Admitted {
    /// Somebody who was there.
    Existing(UserId),
    /// Somebody new, with this verified e-mail address.
    New(String),
}

/// Decides. The service's own immutable id comes first, then the e-mail address, and that only when it is proven:
/// otherwise whoever types somebody's address into a profile would become that person.
pub(crate) fn admit(known: Known, email: Email, sign_in_only: bool) -> Result<Admitted, Refusal> {
    if let Known::Identity(user) = known {
        return Ok(Admitted::Existing(user));
    }
    let Email::Verified(address) = email else {
        return Err(Refusal::EmailUnverified);
    };
    match known {
        Known::Email { signed_up_with: with } => Err(Refusal::AlreadyRegistered { with }),
        _ if sign_in_only => Err(Refusal::NotRegistered),
        _ => Ok(Admitted::New(address)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decision_table_holds() {
        let user = UserId::from_bytes([7; 12]);
        let signed_in = || Ok(Admitted::Existing(user.clone()));
        let created = || Ok(Admitted::New("ada@example.com".into()));
        let identity = || Known::Identity(user.clone());
        let taken = || Known::Email {
            signed_up_with: Some("gitlab".into()),
        };
        let proven = || Email::Verified("ada@example.com".into());
        let rows: [(Known, Email, bool, Result<Admitted, &str>); 11] = [
            (identity(), proven(), false, signed_in()),
            (identity(), Email::Unverified, true, signed_in()),
            (identity(), Email::Missing, false, signed_in()),
            (taken(), proven(), false, Err("USRC-1006")),
            (taken(), proven(), true, Err("USRC-1006")),
            (taken(), Email::Unverified, false, Err("PRVD-1012")),
            (Known::Nobody, proven(), false, created()),
            (Known::Nobody, proven(), true, Err("USRC-1010")),
            (Known::Nobody, Email::Unverified, false, Err("PRVD-1012")),
            (Known::Nobody, Email::Unverified, true, Err("PRVD-1012")),
            (Known::Nobody, Email::Missing, false, Err("PRVD-1012")),
        ];
        for (known, email, sign_in_only, expected) in rows {
            let row = format!("{known:?} {email:?} {sign_in_only}");
            let decided = admit(known, email, sign_in_only);
            assert_eq!(
                decided.map_err(|refusal| refusal.code().as_str()),
                expected,
                "{row}"
            );
        }
    }
}
