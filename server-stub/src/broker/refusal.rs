//! Every way in which a handshake is refused, and what a person, an agent and a browser are told about it.

use codestream_protocol::ServerCode;
use url::Url;

use crate::providers::{CallError, OAuthErrorCode, TokenError};
use crate::store::{Failure, Quota, StoreError};

/// Why a handshake went no further.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The service is unknown or not set up.
    #[error("the service is not offered: {0}")]
    Service(ServerCode),
    /// A parameter of the start URL is missing or has a wrong value.
    #[error("the start URL is not complete: {0}")]
    Start(ServerCode),
    /// Not signed by us, for another environment or service, or unknown.
    #[error("the state or start code is not one of ours")]
    StateInvalid,
    /// Consumed before.
    #[error("the state was used before")]
    StateUsed,
    /// The agent has a newer link.
    #[error("the link was replaced by a newer one")]
    Replaced,
    /// Its time is over.
    #[error("the state or start code has expired")]
    StateExpired,
    /// The browser has not the cookie of the one that began.
    #[error("another browser began this")]
    OtherBrowser,
    /// RFC 9207 §2.4: the answer names another issuer than the one that was asked.
    #[error("the answer comes from another issuer")]
    OtherIssuer,
    /// RFC 6749 §4.1.2.1 `access_denied`.
    #[error("the person declined")]
    Declined,
    /// An administrator of the person's organisation must approve the app first.
    #[error("an administrator must approve the app")]
    NeedsApproval {
        /// Where the administrator does so for everybody, if that can be done on a page.
        at: Option<Url>,
    },
    /// The person says that the IDE shows another code.
    #[error("the person did not confirm")]
    NotConfirmed,
    /// Any other error at the authorization endpoint.
    #[error("the service refused to authorize: {0}")]
    Authorize(OAuthErrorCode),
    /// Neither a code nor an error.
    #[error("the answer holds neither a code nor an error")]
    Empty,
    /// The service refused the code.
    #[error("the service refused the code: {0}")]
    Exchange(OAuthErrorCode),
    /// The service refuses the token that it gave.
    #[error("the service refuses its own token")]
    TokenRefused,
    /// The token endpoint gave nothing that decides anything.
    #[error("the token endpoint failed: {0}")]
    ExchangeFailed(CallError),
    /// The service does not say who this is.
    #[error("the service does not say who this is: {0}")]
    PersonFailed(CallError),
    /// The service cannot prove an e-mail address.
    #[error("the service cannot prove an e-mail address")]
    IdentityUnsupported,
    /// The account's e-mail address is not proven.
    #[error("the e-mail address is not verified")]
    EmailUnverified,
    /// The e-mail address belongs to a user who signed up in another way.
    #[error("the e-mail address is registered")]
    AlreadyRegistered {
        /// The lower-case name of the service that the user signed up with.
        with: Option<String>,
    },
    /// Sign-in only, and nobody is known.
    #[error("nobody is registered under this identity")]
    NotRegistered,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which browser a refusal was met with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Browser {
    /// The one that opened the link, and brings a state of its own.
    Owner,
    /// Any other, or one that has shown neither.
    Unproven,
}

impl Refusal {
    /// The named error.
    pub(crate) fn code(&self) -> ServerCode {
        match self {
            Self::Service(code) | Self::Start(code) => *code,
            Self::StateInvalid | Self::StateUsed | Self::OtherIssuer => ServerCode::TokenInvalid,
            Self::StateExpired => ServerCode::TokenExpired,
            Self::Replaced => ServerCode::LinkReplaced,
            Self::OtherBrowser => ServerCode::ReadAuth,
            Self::Declined | Self::NotConfirmed => ServerCode::ProviderAuthNotAllowed,
            Self::NeedsApproval { .. } => ServerCode::ProviderNotAllowed,
            Self::Authorize(_) | Self::Empty | Self::Exchange(_) | Self::TokenRefused => {
                ServerCode::InvalidProviderCredentials
            }
            Self::ExchangeFailed(_) | Self::PersonFailed(_) => ServerCode::ProviderDataRequestFailed,
            Self::IdentityUnsupported => ServerCode::IdentityMatchingNotSupported,
            Self::EmailUnverified => ServerCode::EmailUnverified,
            Self::AlreadyRegistered { .. } => ServerCode::AlreadyRegistered,
            Self::NotRegistered => ServerCode::NoLoginUnregistered,
            Self::Store(StoreError::OverQuota(Quota::States)) => ServerCode::LinkUsedUp,
            Self::Store(StoreError::OverQuota(_)) => ServerCode::QuotaExceeded,
            Self::Store(_) => ServerCode::WebInternal,
        }
    }

    /// Of a handshake that had ended before.
    pub(crate) fn of_ended(failure: &Failure) -> Self {
        match failure.code {
            ServerCode::LinkReplaced => Self::Replaced,
            _ => Self::StateUsed,
        }
    }

    /// Where it happened: `authorize`, `callback`, `exchange`, `identity` or `store`.
    pub(crate) fn step(&self) -> &'static str {
        match self {
            Self::Service(_)
            | Self::Start(_)
            | Self::Declined
            | Self::NeedsApproval { .. }
            | Self::Authorize(_) => "authorize",
            Self::StateInvalid
            | Self::StateUsed
            | Self::StateExpired
            | Self::Replaced
            | Self::OtherBrowser
            | Self::OtherIssuer
            | Self::NotConfirmed
            | Self::Empty => "callback",
            Self::Exchange(_) | Self::TokenRefused | Self::ExchangeFailed(_) => "exchange",
            Self::PersonFailed(_)
            | Self::IdentityUnsupported
            | Self::EmailUnverified
            | Self::AlreadyRegistered { .. }
            | Self::NotRegistered => "identity",
            Self::Store(_) => "store",
        }
    }

    /// Whether the handshake ends with it. Only what its own browser brings can end it: anybody else who has the link or the
    /// state could end it at will (CWE-352). A state that was used before, or cannot be used any more, must not end a
    /// handshake that another request is about to finish.
    pub(crate) fn ends_the_handshake(&self, browser: Browser) -> bool {
        match (browser, self) {
            (Browser::Unproven, _)
            | (
                Browser::Owner,
                Self::Start(_)
                | Self::StateInvalid
                | Self::StateUsed
                | Self::StateExpired
                | Self::Replaced
                | Self::OtherBrowser
                // Its browser has opened the link too often, and may still finish what it began.
                | Self::Store(StoreError::OverQuota(Quota::States)),
            ) => false,
            (
                Browser::Owner,
                Self::Service(_)
                | Self::OtherIssuer
                | Self::Declined
                | Self::NeedsApproval { .. }
                | Self::NotConfirmed
                | Self::Authorize(_)
                | Self::Empty
                | Self::Exchange(_)
                | Self::TokenRefused
                | Self::ExchangeFailed(_)
                | Self::PersonFailed(_)
                | Self::IdentityUnsupported
                | Self::EmailUnverified
                | Self::AlreadyRegistered { .. }
                | Self::NotRegistered
                | Self::Store(_),
            ) => true,
        }
    }

    /// What there was too much of.
    pub(crate) fn quota(&self) -> Option<Quota> {
        match self {
            Self::Store(StoreError::OverQuota(quota)) => Some(*quota),
            _ => None,
        }
    }

    /// Whether what came back shows no knowledge of a handshake of this browser, as a guess would not.
    pub(crate) fn is_guess(&self) -> bool {
        matches!(self, Self::StateInvalid | Self::OtherBrowser)
    }

    /// The lower-case name of the service that an account was signed up with.
    pub(crate) fn with(&self) -> Option<&str> {
        match self {
            Self::AlreadyRegistered { with } => with.as_deref(),
            _ => None,
        }
    }

    /// Where somebody can mend it.
    pub(crate) fn link(&self) -> Option<&Url> {
        match self {
            Self::NeedsApproval { at } => at.as_ref(),
            _ => None,
        }
    }

    /// For a person in an IDE: what happened and what to do. `service` and `with` are names for people.
    pub(crate) fn message(&self, service: &str, with: Option<&str>) -> String {
        match self {
            Self::OtherBrowser => {
                "The link was opened in a second browser, where it does not work. If that was you, go on in the first \
                 browser, or press Open again for a new link. If it was not, press Open again: somebody else has seen \
                 the link."
                    .to_owned()
            }
            Self::OtherIssuer => {
                format!("The answer did not come from {service}. Nothing was changed. Try again.")
            }
            Self::NotConfirmed => {
                "The code in the browser was not confirmed. Nothing was changed.".to_owned()
            }
            Self::NeedsApproval { at: None } => format!(
                "Your organisation lets an administrator decide which apps may use {service}. Ask yours to approve \
                 CodeStream, then try again. Nothing was changed."
            ),
            Self::NeedsApproval { at: Some(at) } => format!(
                "Your organisation lets an administrator decide which apps may use {service}. Nothing was changed. Send \
                 yours this request, then try again: “Please approve CodeStream for {service} at {at} for everybody.”"
            ),
            Self::Authorize(error) => {
                format!("{service} refused the request ({error}). Ask the server's administrator to check the app.")
            }
            Self::Empty => format!("{service} sent no approval back. Try again."),
            Self::Exchange(error) => {
                format!("{service} refused to exchange the approval for a token ({error}). Try again.")
            }
            Self::TokenRefused => format!("{service} does not accept the token that it gave. Try again."),
            Self::ExchangeFailed(_) | Self::PersonFailed(_) => {
                format!("{service} did not answer as expected. Nothing was changed. Try again in a moment.")
            }
            Self::IdentityUnsupported => format!(
                "{service} cannot prove an e-mail address, so it cannot be used to sign in. Sign in another way and \
                 connect it then."
            ),
            Self::EmailUnverified => format!(
                "The e-mail address of your {service} account is not verified. Verify it at {service}, then try again."
            ),
            Self::AlreadyRegistered { .. } => match with {
                Some(with) => format!(
                    "Your e-mail address already belongs to a CodeStream account that was made with {with}. Sign in \
                     with {with}, then connect {service}."
                ),
                None => format!(
                    "Your e-mail address already belongs to a CodeStream account. Sign in the way you did before, \
                     then connect {service}."
                ),
            },
            Self::Store(StoreError::OverQuota(quota)) => quota.message().to_owned(),
            _ => self.code().message().to_owned(),
        }
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Refused(code) => Self::Exchange(code),
            TokenError::Call(error) => Self::ExchangeFailed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_code_and_step_and_ends_a_sentence() {
        let error = || OAuthErrorCode::of("bad_verification_code");
        let failed = || CallError::Refused(503);
        for (refusal, code, step) in [
            (Refusal::StateUsed, "AUTH-1002", "callback"),
            (Refusal::StateExpired, "AUTH-1005", "callback"),
            (Refusal::OtherBrowser, "RAPI-1009", "callback"),
            (Refusal::Replaced, "AUTH-1020", "callback"),
            (Refusal::OtherIssuer, "AUTH-1002", "callback"),
            (Refusal::Declined, "PRVD-1006", "authorize"),
            (Refusal::NeedsApproval { at: None }, "PRVD-1011", "authorize"),
            (Refusal::NotConfirmed, "PRVD-1006", "callback"),
            (Refusal::Authorize(error()), "PRVD-1001", "authorize"),
            (Refusal::Exchange(error()), "PRVD-1001", "exchange"),
            (Refusal::ExchangeFailed(failed()), "PRVD-1007", "exchange"),
            (Refusal::PersonFailed(failed()), "PRVD-1007", "identity"),
            (Refusal::IdentityUnsupported, "PRVD-1004", "identity"),
            (Refusal::EmailUnverified, "PRVD-1012", "identity"),
            (Refusal::AlreadyRegistered { with: None }, "USRC-1006", "identity"),
            (Refusal::NotRegistered, "USRC-1010", "identity"),
            (Refusal::Store(StoreError::Missing("x")), "SWEB-1000", "store"),
        ] {
            assert_eq!(refusal.code().as_str(), code);
            assert_eq!(refusal.step(), step);
            assert!(refusal.message("GitHub", None).ends_with('.'), "{code}");
        }
    }

    /// CWE-352: a scanner, a prefetch or a stranger who has the callback URL cannot end somebody's attempt.
    #[test]
    fn only_what_the_owning_browser_brings_ends_a_handshake() {
        let error = || OAuthErrorCode::of("bad_verification_code");
        let failed = || CallError::Refused(503);
        for (refusal, ends) in [
            (Refusal::Service(ServerCode::ProviderNotConfigured), true),
            (Refusal::Start(ServerCode::Validation), false),
            (Refusal::StateInvalid, false),
            (Refusal::StateUsed, false),
            (Refusal::StateExpired, false),
            (Refusal::Replaced, false),
            (Refusal::OtherBrowser, false),
            (Refusal::OtherIssuer, true),
            (Refusal::Declined, true),
            (Refusal::NeedsApproval { at: None }, true),
            (Refusal::NotConfirmed, true),
            (Refusal::Authorize(error()), true),
            (Refusal::Empty, true),
            (Refusal::Exchange(error()), true),
            (Refusal::TokenRefused, true),
            (Refusal::ExchangeFailed(failed()), true),
            (Refusal::PersonFailed(failed()), true),
            (Refusal::IdentityUnsupported, true),
            (Refusal::EmailUnverified, true),
            (Refusal::AlreadyRegistered { with: None }, true),
            (Refusal::NotRegistered, true),
            (Refusal::Store(StoreError::Missing("x")), true),
        ] {
            assert_eq!(refusal.ends_the_handshake(Browser::Owner), ends, "{refusal}");
            assert!(!refusal.ends_the_handshake(Browser::Unproven), "{refusal}");
        }
    }

    #[test]
    fn declining_and_registered_are_told_in_the_words_that_people_need() {
        let declined = Refusal::Declined.message("GitHub", None);
        assert_eq!(declined, "You declined. Nothing was changed.");
        let taken = Refusal::AlreadyRegistered {
            with: Some("gitlab".into()),
        };
        let told = taken.message("GitHub", Some("GitLab"));
        assert!(
            told.contains("Sign in with GitLab, then connect GitHub"),
            "{told}"
        );
    }
}
