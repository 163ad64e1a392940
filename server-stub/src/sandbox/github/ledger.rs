//! What GitHub remembers: codes, grants and tokens. Pure: time and random values come from the caller.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use codestream_protocol::UnixMillis;
use codestream_protocol::pkce::CodeChallenge;
use codestream_protocol::secret::CodeVerifier;
use url::Url;

use crate::sandbox::people::{PEOPLE, Person};

/// How long a code is good.
pub(super) const CODE_LIFE: Duration = Duration::from_mins(10);
/// `expires_in` of an expiring token.
const ACCESS_LIFE: Duration = Duration::from_hours(8);
/// `refresh_token_expires_in`.
pub(super) const REFRESH_LIFE: Duration = Duration::from_hours(24 * 184);
/// The oldest of more live tokens is revoked.
const MOST_TOKENS: usize = 10;

/// An authorization code's grant.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) person: &'static Person,
    /// Absent: whatever was granted before.
    pub(super) scopes: Option<Vec<String>>,
    pub(super) expiring: bool,
    pub(super) redirect_uri: Url,
    /// Whether the authorization request named `redirect_uri`.
    pub(super) was_asked_for: bool,
    pub(super) challenge: Option<CodeChallenge>,
    pub(super) expires_at: UnixMillis,
}

/// A live access token.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) person: &'static Person,
    pub(super) scopes: Vec<String>,
    pub(super) issued_at: UnixMillis,
    /// Absent: never.
    pub(super) expires_at: Option<UnixMillis>,
    /// Of an expiring pair.
    pub(super) refresh: Option<String>,
    /// In order of issue.
    serial: u64,
    window: Window,
}

/// Requests in the current hour.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    resets_at: UnixMillis,
    used: u32,
}

#[derive(Debug)]
struct Refresh {
    access: String,
    person: &'static Person,
    scopes: Vec<String>,
    expires_at: UnixMillis,
}

/// Names for a new pair.
pub(super) struct Fresh {
    pub(super) everlasting: String,
    pub(super) access: String,
    pub(super) refresh: String,
}

/// What the token endpoint gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Issued {
    pub(super) access: String,
    pub(super) scopes: Vec<String>,
    /// Of an expiring pair.
    pub(super) refresh: Option<String>,
    /// `expires_in` of an expiring pair.
    pub(super) life: Duration,
}

/// Why the token endpoint gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    BadVerificationCode,
    RedirectUriMismatch,
    BadRefreshToken,
}

/// How a token's hour stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) used: u32,
    pub(super) resets_at: UnixMillis,
}

/// Requests per hour.
pub(super) const RATE_LIMIT: u32 = 5000;

/// What everybody's personal access token may.
const PERSONAL_SCOPES: [&str; 4] = ["repo", "read:org", "read:user", "user:email"];
/// Of personal access tokens, which no app was granted: their owners alone end them.
const PERSONAL: u64 = 0;

/// The personal access token that somebody has made.
pub(super) fn key_of(person: &Person) -> String {
    format!("ghp_{:0<36}", person.slug)
}

/// Codes, grants and tokens.
#[derive(Debug)]
pub(super) struct Ledger {
    /// The app's setting: whether its tokens expire.
    pub(super) expiring: bool,
    /// `expires_in`, where it is not [`ACCESS_LIFE`].
    pub(super) life: Option<Duration>,
    codes: HashMap<String, Code>,
    /// By the person's number.
    grants: BTreeMap<u64, Vec<String>>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    serial: u64,
}

impl Default for Ledger {
    fn default() -> Self {
        let personal = PEOPLE.iter().map(|person| {
            let access = Access {
                person,
                scopes: PERSONAL_SCOPES.map(str::to_owned).to_vec(),
                issued_at: UnixMillis(0),
                expires_at: None,
                refresh: None,
                serial: PERSONAL,
                window: Window::default(),
            };
            (key_of(person), access)
        });
        Self {
            expiring: false,
            life: None,
            codes: HashMap::new(),
            grants: BTreeMap::new(),
            access: personal.collect(),
            refresh: HashMap::new(),
            serial: PERSONAL,
        }
    }
}

impl Ledger {
    /// Whether `person` has agreed to all of `scopes`; to none is something to agree to, too.
    pub(super) fn has_granted(&self, person: &Person, scopes: &[String]) -> bool {
        self.grants
            .get(&person.number)
            .is_some_and(|granted| scopes.iter().all(|scope| granted.contains(scope)))
    }

    /// The person has agreed.
    pub(super) fn grant(&mut self, name: String, mut code: Code, now: UnixMillis) {
        self.codes.retain(|_, code| now < code.expires_at);
        let granted = self.grants.entry(code.person.number).or_default();
        for scope in code.scopes.iter().flatten() {
            if !granted.contains(scope) {
                granted.push(scope.clone());
            }
        }
        // No scope asked for: the union of what was granted before.
        code.scopes.get_or_insert_with(|| granted.clone());
        self.codes.insert(name, code);
    }

    /// RFC 6749 §4.1.3. A code is good once, whatever comes of it.
    pub(super) fn exchange(
        &mut self,
        code: &str,
        redirect_uri: Option<&Url>,
        verifier: Option<&CodeVerifier>,
        fresh: Fresh,
        now: UnixMillis,
    ) -> Result<Issued, Refused> {
        let code = self.codes.remove(code).ok_or(Refused::BadVerificationCode)?;
        if now >= code.expires_at {
            return Err(Refused::BadVerificationCode);
        }
        let same_uri = match redirect_uri {
            Some(uri) => *uri == code.redirect_uri,
            None => !code.was_asked_for,
        };
        if !same_uri {
            return Err(Refused::RedirectUriMismatch);
        }
        // RFC 7636 §4.6; a verifier that nobody announced proves nothing.
        let proven = match (&code.challenge, verifier) {
            (Some(challenge), Some(verifier)) => verifier.is_well_formed() && challenge.matches(verifier),
            (None, None) => true,
            _ => false,
        };
        if !proven {
            return Err(Refused::BadVerificationCode);
        }
        let expiring = self.expiring || code.expiring;
        Ok(self.issue(code.person, code.scopes.unwrap_or_default(), expiring, fresh, now))
    }

    /// RFC 6749 §6. The old pair is dead at once.
    pub(super) fn refresh(&mut self, token: &str, fresh: Fresh, now: UnixMillis) -> Result<Issued, Refused> {
        let old = self.refresh.remove(token).ok_or(Refused::BadRefreshToken)?;
        self.access.remove(&old.access);
        if now >= old.expires_at {
            return Err(Refused::BadRefreshToken);
        }
        Ok(self.issue(old.person, old.scopes, true, fresh, now))
    }

    fn issue(
        &mut self,
        person: &'static Person,
        scopes: Vec<String>,
        expiring: bool,
        fresh: Fresh,
        now: UnixMillis,
    ) -> Issued {
        self.serial += 1;
        let life = self.life.unwrap_or(ACCESS_LIFE);
        let (access, refresh) = if expiring {
            (fresh.access, Some(fresh.refresh))
        } else {
            (fresh.everlasting, None)
        };
        self.access.insert(
            access.clone(),
            Access {
                person,
                scopes: scopes.clone(),
                issued_at: now,
                expires_at: expiring.then(|| now + life),
                refresh: refresh.clone(),
                serial: self.serial,
                window: Window::default(),
            },
        );
        if let Some(refresh) = &refresh {
            self.refresh.insert(
                refresh.clone(),
                Refresh {
                    access: access.clone(),
                    person,
                    scopes: scopes.clone(),
                    expires_at: now + REFRESH_LIFE,
                },
            );
        }
        self.revoke_oldest(person, &scopes);
        Issued {
            access,
            scopes,
            refresh,
            life,
        }
    }

    fn revoke_oldest(&mut self, person: &Person, scopes: &[String]) {
        let alike = self.access.iter().filter(|(_, token)| {
            token.person == person && token.scopes == scopes && token.serial != PERSONAL
        });
        let mut alike: Vec<(u64, String)> = alike.map(|(name, token)| (token.serial, name.clone())).collect();
        alike.sort_unstable();
        let surplus = alike.len().saturating_sub(MOST_TOKENS);
        for (_, name) in alike.into_iter().take(surplus) {
            self.revoke(&name);
        }
    }

    /// The token, while it lives.
    pub(super) fn access(&self, token: &str, now: UnixMillis) -> Option<&Access> {
        self.access
            .get(token)
            .filter(|access| access.expires_at.is_none_or(|end| now < end))
    }

    /// Counts a request made with the token.
    pub(super) fn count(&mut self, token: &str, now: UnixMillis) -> Option<Rate> {
        let window = &mut self.access.get_mut(token)?.window;
        if now >= window.resets_at {
            *window = Window {
                resets_at: now + Duration::from_hours(1),
                used: 0,
            };
        }
        window.used += 1;
        Some(Rate {
            used: window.used,
            resets_at: window.resets_at,
        })
    }

    /// Ends one token and its pair; `false`: there was none.
    pub(super) fn revoke(&mut self, token: &str) -> bool {
        let Some(access) = self.access.remove(token) else {
            return false;
        };
        if let Some(refresh) = access.refresh {
            self.refresh.remove(&refresh);
        }
        true
    }

    /// Ends the whole grant of whoever the token belongs to; `false`: there was none.
    pub(super) fn revoke_grant(&mut self, token: &str) -> bool {
        let Some(person) = self.access.get(token).map(|access| access.person) else {
            return false;
        };
        self.grants.remove(&person.number);
        self.codes.retain(|_, code| code.person != person);
        self.access
            .retain(|_, access| access.person != person || access.serial == PERSONAL);
        self.refresh.retain(|_, refresh| refresh.person != person);
        true
    }

    /// Every access token has expired; refresh tokens are still good.
    pub(super) fn expire_access_tokens(&mut self) {
        let granted = |access: &&mut Access| access.serial != PERSONAL;
        for access in self.access.values_mut().filter(granted) {
            access.expires_at = Some(UnixMillis(0));
        }
    }

    /// Every person has taken every grant back.
    pub(super) fn revoke_everything(&mut self) {
        let (expiring, life) = (self.expiring, self.life);
        *self = Self {
            expiring,
            life,
            ..Self::default()
        };
    }
}
