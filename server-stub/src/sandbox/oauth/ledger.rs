//! What an authorization server remembers: codes, grants and tokens. Pure: time and random values come from the caller.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use codestream_protocol::UnixMillis;
use url::Url;

use super::rules::{Challenge, Request};
use crate::sandbox::people::Person;

/// How long codes and tokens are good.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    pub(crate) code_life: Duration,
    /// Of an expiring access token.
    pub(crate) access_life: Duration,
    pub(crate) expiring: Expiring,
    pub(crate) refreshing: Refreshing,
}

/// Whether access tokens expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiring {
    Always,
    Never,
    /// When the app is set so; at first it is not.
    BySetting,
}

/// What becomes of a refresh token that is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refreshing {
    /// There is none.
    Never,
    /// It stays, and the answer names none.
    Kept,
    /// A new one takes its place, and within the grace the old one still gives one.
    Rotates {
        grace: Duration,
        /// The old access token dies with it.
        ends_access: bool,
        /// Whoever uses the old one later ends the whole grant.
        reuse_ends_grant: bool,
    },
}

/// What was granted.
#[derive(Debug, Clone)]
struct Grant {
    person: &'static Person,
    scopes: Vec<String>,
    query: BTreeMap<String, String>,
    /// Names the grant in every token that came of it.
    serial: u64,
}

#[derive(Debug)]
struct Code {
    grant: Grant,
    redirect_uri: Url,
    redirect_uri_given: bool,
    challenge: Option<Challenge>,
    expires_at: UnixMillis,
    used: bool,
}

/// A token that is or was good.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) person: &'static Person,
    pub(crate) scopes: Vec<String>,
    /// Absent: never.
    pub(crate) expires_at: Option<UnixMillis>,
    grant: u64,
}

impl Access {
    /// Of a token that somebody has made by hand: no app was granted it.
    pub(crate) fn personal(person: &'static Person, scopes: &[&str]) -> Self {
        Self {
            person,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            expires_at: None,
            grant: 0,
        }
    }
}

#[derive(Debug)]
struct Refresh {
    grant: Grant,
    access: String,
    /// When another one took its place.
    replaced_at: Option<UnixMillis>,
}

/// The `redirect_uri` of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RedirectUri<'a> {
    /// The service does not look.
    Unchecked,
    Given(&'a str),
    Absent,
}

impl<'a> From<Option<&'a str>> for RedirectUri<'a> {
    fn from(parameter: Option<&'a str>) -> Self {
        parameter.map_or(Self::Absent, Self::Given)
    }
}

/// Names for what is issued.
pub(super) struct Fresh {
    pub(super) access: String,
    pub(super) refresh: String,
}

/// What the token endpoint gives.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) access: String,
    pub(crate) person: &'static Person,
    pub(crate) scopes: Vec<String>,
    /// The query of the authorization request.
    pub(crate) query: BTreeMap<String, String>,
    /// A new refresh token.
    pub(crate) refresh: Option<String>,
    /// `expires_in` of an expiring token.
    pub(crate) life: Option<Duration>,
}

/// Why the token endpoint gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// No such code.
    CodeUnknown,
    /// It was exchanged before.
    CodeUsed,
    CodeExpired,
    /// Another one than the authorization request's.
    RedirectUri,
    /// Missing, not announced, or of another challenge.
    Verifier,
    /// No such refresh token, or it was replaced.
    RefreshUnknown,
}

/// Codes, grants and tokens.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The app's setting, where there is one.
    pub(super) expires: bool,
    /// `expires_in`, where it is not the policy's.
    pub(super) life: Option<Duration>,
    codes: HashMap<String, Code>,
    /// By the person's number.
    consents: BTreeMap<u64, Vec<String>>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    serial: u64,
}

impl Ledger {
    /// Whether `person` has agreed to all of `scopes`.
    pub(super) fn has_granted(&self, person: &Person, scopes: &[String]) -> bool {
        self.consents
            .get(&person.number)
            .is_some_and(|granted| scopes.iter().all(|scope| granted.contains(scope)))
    }

    /// The person has agreed.
    pub(super) fn grant(
        &mut self,
        code: String,
        request: Request,
        person: &'static Person,
        expires_at: UnixMillis,
    ) {
        let consents = self.consents.entry(person.number).or_default();
        for scope in &request.scopes {
            if !consents.contains(scope) {
                consents.push(scope.clone());
            }
        }
        self.serial += 1;
        let grant = Grant {
            person,
            scopes: request.scopes,
            query: request.query,
            serial: self.serial,
        };
        self.codes.insert(
            code,
            Code {
                grant,
                redirect_uri: request.redirect_uri,
                redirect_uri_given: request.redirect_uri_given,
                challenge: request.challenge,
                expires_at,
                used: false,
            },
        );
    }

    /// RFC 6749 §4.1.3. A code is good once, whatever comes of it.
    pub(super) fn exchange(
        &mut self,
        policy: &Policy,
        code: &str,
        redirect_uri: RedirectUri<'_>,
        verifier: Option<&str>,
        fresh: Fresh,
        now: UnixMillis,
    ) -> Result<Issued, Refused> {
        let code = self.codes.get_mut(code).ok_or(Refused::CodeUnknown)?;
        if std::mem::replace(&mut code.used, true) {
            return Err(Refused::CodeUsed);
        }
        if now >= code.expires_at {
            return Err(Refused::CodeExpired);
        }
        let same_uri = match redirect_uri {
            RedirectUri::Unchecked => true,
            RedirectUri::Given(uri) => uri == code.redirect_uri.as_str(),
            RedirectUri::Absent => !code.redirect_uri_given,
        };
        if !same_uri {
            return Err(Refused::RedirectUri);
        }
        // A verifier that nobody announced proves nothing.
        let proven = match (&code.challenge, verifier) {
            (Some(challenge), Some(verifier)) => challenge.matches(verifier),
            (None, None) => true,
            _ => false,
        };
        if !proven {
            return Err(Refused::Verifier);
        }
        let grant = code.grant.clone();
        Ok(self.issue(policy, grant, true, fresh, now))
    }

    /// RFC 6749 §6.
    pub(super) fn refresh(
        &mut self,
        policy: &Policy,
        token: &str,
        fresh: Fresh,
        now: UnixMillis,
    ) -> Result<Issued, Refused> {
        let refresh = self.refresh.get_mut(token).ok_or(Refused::RefreshUnknown)?;
        let grant = refresh.grant.clone();
        let Refreshing::Rotates {
            grace,
            ends_access,
            reuse_ends_grant,
        } = policy.refreshing
        else {
            return Ok(self.issue(policy, grant, false, fresh, now));
        };
        if let Some(at) = refresh.replaced_at
            && now >= at + grace
        {
            if reuse_ends_grant {
                self.end_grant(grant.serial);
            }
            return Err(Refused::RefreshUnknown);
        }
        refresh.replaced_at.get_or_insert(now);
        if ends_access {
            let access = refresh.access.clone();
            self.access.remove(&access);
        }
        Ok(self.issue(policy, grant, true, fresh, now))
    }

    fn issue(
        &mut self,
        policy: &Policy,
        grant: Grant,
        with_refresh: bool,
        fresh: Fresh,
        now: UnixMillis,
    ) -> Issued {
        let expires = match policy.expiring {
            Expiring::Always => true,
            Expiring::Never => false,
            Expiring::BySetting => self.expires,
        };
        let life = expires.then(|| self.life.unwrap_or(policy.access_life));
        let refresh =
            (expires && with_refresh && policy.refreshing != Refreshing::Never).then_some(fresh.refresh);
        self.access.insert(
            fresh.access.clone(),
            Access {
                person: grant.person,
                scopes: grant.scopes.clone(),
                expires_at: life.map(|life| now + life),
                grant: grant.serial,
            },
        );
        if let Some(refresh) = &refresh {
            self.refresh.insert(
                refresh.clone(),
                Refresh {
                    grant: grant.clone(),
                    access: fresh.access.clone(),
                    replaced_at: None,
                },
            );
        }
        Issued {
            access: fresh.access,
            person: grant.person,
            scopes: grant.scopes,
            query: grant.query,
            refresh,
            life,
        }
    }

    /// Another token of the same grant, good for as long.
    pub(super) fn beside(&mut self, issued: &Issued, token: &str) {
        if let Some(access) = self.access.get(&issued.access).cloned() {
            self.access.insert(token.to_owned(), access);
        }
    }

    /// The token, whether it is still good or not.
    pub(super) fn access(&self, token: &str) -> Option<&Access> {
        self.access.get(token)
    }

    /// Ends the grant that an access or refresh token came of; `false`: there is none.
    pub(super) fn revoke(&mut self, token: &str) -> bool {
        let of_access = self.access.get(token).map(|access| access.grant);
        let of_refresh = || self.refresh.get(token).map(|refresh| refresh.grant.serial);
        let Some(grant) = of_access.or_else(of_refresh) else {
            return false;
        };
        self.end_grant(grant);
        true
    }

    /// Ends every grant of a person, and asks again next time.
    pub(super) fn forget(&mut self, person: &Person) {
        self.consents.remove(&person.number);
        self.codes.retain(|_, code| code.grant.person != person);
        self.access.retain(|_, access| access.person != person);
        self.refresh.retain(|_, refresh| refresh.grant.person != person);
    }

    fn end_grant(&mut self, serial: u64) {
        self.access.retain(|_, access| access.grant != serial);
        self.refresh.retain(|_, refresh| refresh.grant.serial != serial);
    }

    /// Every access token has expired; refresh tokens are still good.
    pub(super) fn expire_access_tokens(&mut self) {
        for access in self.access.values_mut() {
            access.expires_at = Some(UnixMillis(0));
        }
    }

    /// Every person has taken every grant back.
    pub(super) fn revoke_everything(&mut self) {
        let (expires, life) = (self.expires, self.life);
        *self = Self {
            expires,
            life,
            ..Self::default()
        };
    }
}
