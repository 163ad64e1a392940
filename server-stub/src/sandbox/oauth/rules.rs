//! What an authorization endpoint checks, in the order in which it matters: the app and where to go back to first, since
//! until then there is nobody to tell. Pure.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use codestream_protocol::pkce::CodeChallenge;
use codestream_protocol::secret::CodeVerifier;
use subtle::ConstantTimeEq as _;
use url::Url;

use crate::sandbox::registration::{AppRegistration, is_below, is_secure};

/// A service's rules.
#[derive(Debug)]
pub(crate) struct Rules {
    /// Which `redirect_uri` is one of the app's.
    pub(crate) redirects: Redirects,
    /// Parameters that must be there, with their value where only one will do.
    pub(crate) required: &'static [(&'static str, Option<&'static str>)],
    /// What may be asked for.
    pub(crate) scopes: Scopes,
    /// RFC 7636.
    pub(crate) pkce: Pkce,
}

/// Which `redirect_uri` is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redirects {
    /// One that is registered, to the letter; without one, a refusal.
    Exact,
    /// As [`Exact`](Self::Exact); without one, the first that is registered.
    ExactOrDefault,
    /// One that is registered, or below it; without one, the first that is registered.
    BelowOrDefault,
}

/// What may be asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scopes {
    /// Names in the parameter, each one of [`Style::SCOPES`](super::Style::SCOPES), with these characters between them.
    Asked {
        parameter: &'static str,
        separators: &'static [char],
    },
    /// The app is registered with all of [`Style::SCOPES`](super::Style::SCOPES); a parameter is not looked at.
    Registered,
}

/// How PKCE is supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pkce {
    /// Parameters are not looked at.
    Ignored,
    /// `S256` alone.
    S256,
    /// `S256` and `plain`, which an absent method means (RFC 7636 §4.3).
    S256AndPlain,
}

/// A challenge as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    S256(CodeChallenge),
    Plain(String),
}

impl Challenge {
    /// RFC 7636 §4.6.
    pub(super) fn matches(&self, verifier: &str) -> bool {
        let verifier = CodeVerifier::new(verifier);
        verifier.is_well_formed()
            && match self {
                Self::S256(challenge) => challenge.matches(&verifier),
                Self::Plain(challenge) => challenge.as_bytes().ct_eq(verifier.expose().as_bytes()).into(),
            }
    }
}

/// A checked authorization request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// What is asked for, or what the app is registered with.
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect_uri: Url,
    /// Whether the request named it, rather than leaving it to the registration.
    pub(crate) redirect_uri_given: bool,
    pub(crate) state: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    /// Everything that was asked.
    pub(crate) query: BTreeMap<String, String>,
}

/// What is wrong with a request. The first three leave nowhere to go back to: without a known app and a proven
/// `redirect_uri` the person is told instead (RFC 6749 §4.1.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// No such app.
    UnknownClient,
    /// `redirect_uri` is missing or not one of the app's.
    RedirectUri,
    /// Plain http where https is required.
    Insecure,
    /// A parameter is missing or has another value than the one that will do.
    Parameter(&'static str),
    /// Nobody knows this scope.
    Scope(String),
    /// The PKCE parameters are not well formed.
    Challenge,
}

/// A request that is refused.
#[derive(Debug)]
pub(super) struct Rejected {
    pub(super) problem: Problem,
    /// As far as it was read; absent when there is nowhere to go back to.
    pub(super) request: Option<Request>,
}

/// How a service refuses a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// On a page of its own.
    Page {
        status: StatusCode,
        title: &'static str,
        text: &'static str,
    },
    /// In plain text.
    Text { status: StatusCode, text: &'static str },
    /// To the app.
    Back {
        error: &'static str,
        description: String,
    },
}

impl Rules {
    /// Checks a request.
    pub(super) fn check(
        &self,
        app: &AppRegistration,
        known: &[(&str, &str)],
        query: &BTreeMap<String, String>,
        require_https: bool,
    ) -> Result<Request, Box<Rejected>> {
        let get = |key: &str| {
            query
                .get(key)
                .map(String::as_str)
                .filter(|value| !value.is_empty())
        };
        let nowhere = |problem| {
            Box::new(Rejected {
                problem,
                request: None,
            })
        };
        if get("client_id") != Some(app.client_id.as_str()) {
            return Err(nowhere(Problem::UnknownClient));
        }
        let redirect_uri = self
            .redirect_uri(app, get("redirect_uri"))
            .ok_or_else(|| nowhere(Problem::RedirectUri))?;
        if !is_secure(&redirect_uri, require_https) {
            return Err(nowhere(Problem::Insecure));
        }
        let mut request = Request {
            scopes: Vec::new(),
            redirect_uri,
            redirect_uri_given: get("redirect_uri").is_some(),
            state: get("state").map(str::to_owned),
            challenge: None,
            query: query.clone(),
        };
        let asked = (|| {
            for (name, value) in self.required {
                if get(name).is_none() || value.is_some() && get(name) != *value {
                    return Err(Problem::Parameter(name));
                }
            }
            let scopes = self.scopes(known, &get)?;
            Ok((scopes, self.challenge(&get)?))
        })();
        match asked {
            Ok((scopes, challenge)) => {
                request.scopes = scopes;
                request.challenge = challenge;
                Ok(request)
            }
            Err(problem) => Err(Box::new(Rejected {
                problem,
                request: Some(request),
            })),
        }
    }

    fn redirect_uri(&self, app: &AppRegistration, asked: Option<&str>) -> Option<Url> {
        let Some(asked) = asked else {
            return (self.redirects != Redirects::Exact).then(|| app.default_callback().clone());
        };
        let url = asked.parse::<Url>().ok()?;
        let fits = |registered: &Url| match self.redirects {
            Redirects::Exact | Redirects::ExactOrDefault => registered.as_str() == asked,
            Redirects::BelowOrDefault => is_below(registered, &url),
        };
        app.callbacks.iter().any(fits).then_some(url)
    }

    fn scopes<'a>(
        &self,
        known: &[(&str, &str)],
        get: &impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Vec<String>, Problem> {
        let Scopes::Asked {
            parameter,
            separators,
        } = self.scopes
        else {
            return Ok(known.iter().map(|(scope, _)| (*scope).to_owned()).collect());
        };
        let mut scopes: Vec<String> = Vec::new();
        for name in get(parameter).unwrap_or_default().split(separators) {
            if name.is_empty() || scopes.iter().any(|scope| scope == name) {
                continue;
            }
            if !known.iter().any(|(scope, _)| *scope == name) {
                return Err(Problem::Scope(name.to_owned()));
            }
            scopes.push(name.to_owned());
        }
        if scopes.is_empty() {
            return Err(Problem::Scope(String::new()));
        }
        Ok(scopes)
    }

    fn challenge<'a>(&self, get: &impl Fn(&str) -> Option<&'a str>) -> Result<Option<Challenge>, Problem> {
        if self.pkce == Pkce::Ignored {
            return Ok(None);
        }
        match (get("code_challenge"), get("code_challenge_method")) {
            (None, None) => Ok(None),
            (Some(challenge), Some("S256")) => CodeChallenge::parse(challenge)
                .map(|challenge| Some(Challenge::S256(challenge)))
                .ok_or(Problem::Challenge),
            (Some(challenge), None | Some("plain"))
                if self.pkce == Pkce::S256AndPlain && (43..=128).contains(&challenge.len()) =>
            {
                Ok(Some(Challenge::Plain(challenge.to_owned())))
            }
            _ => Err(Problem::Challenge),
        }
    }
}
