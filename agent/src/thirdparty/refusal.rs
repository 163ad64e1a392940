//! What a service means by an answer that is no success. Pure.
//!
//! A 403, a 404 or a fault of the service never says that a connection has ended; only a refused token does.

use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::CallResult;
use codestream_protocol::text::{Limit, shown, web_link};

use crate::thirdparty::Service;

/// Why a service did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What it means.
    pub(crate) kind: ErrorKind,
    /// For a person.
    pub(crate) message: String,
    /// Where a person can mend it.
    pub(crate) link: Option<String>,
}

impl Refusal {
    /// Without a link.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            link: None,
        }
    }

    /// With its texts made safe to show: they may quote the service.
    pub(crate) fn shown(self) -> Self {
        Self {
            kind: self.kind,
            message: shown(&self.message, Limit::MESSAGE),
            link: self.link.as_deref().and_then(web_link).map(String::from),
        }
    }

    /// The token is not accepted any more.
    pub(crate) fn token(service: &Service) -> Self {
        Self::new(
            ErrorKind::TokenRevoked,
            format!(
                "{} does not accept the token any more. Connect again.",
                service.display_name
            ),
        )
    }

    /// What `answer` refuses; `None`: it does not.
    pub(crate) fn of(service: &Service, answer: &CallResult) -> Option<Self> {
        (service.refusal)(service, answer).or_else(|| Self::by_status(service, answer))
    }

    fn by_status(service: &Service, answer: &CallResult) -> Option<Self> {
        let name = service.display_name;
        let refused = |kind, message| Some(Self::new(kind, message));
        match answer.status {
            200..=299 => None,
            401 => Some(Self::token(service)),
            429 => Some(Self::paused(service, answer)),
            403 if is_spent(answer) => Some(Self::paused(service, answer)),
            403 => refused(ErrorKind::Forbidden, format!("{name} does not allow this.")),
            500.. => refused(
                ErrorKind::ServerUnreachable,
                format!("{name} has trouble right now. Try again later."),
            ),
            status => refused(
                ErrorKind::Internal,
                format!("{name} answered with HTTP {status}."),
            ),
        }
    }

    /// Too many requests: the connection is as good as before.
    pub(crate) fn paused(service: &Service, answer: &CallResult) -> Self {
        let name = service.display_name;
        let message = match resumes_at(answer) {
            Some(at) => {
                let minutes = at.div_euclid(60);
                format!(
                    "{name} had too many requests: paused until {:02}:{:02} UTC.",
                    minutes.div_euclid(60) % 24,
                    minutes % 60
                )
            }
            None => format!("{name} had too many requests: paused. Wait a moment."),
        };
        Self::new(ErrorKind::RateLimited, message)
    }
}

fn header<'a>(answer: &'a CallResult, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(String::as_str)
}

fn is_spent(answer: &CallResult) -> bool {
    header(answer, "retry-after").is_some() || header(answer, "x-ratelimit-remaining") == Some("0")
}

/// When the service takes requests again, in Unix seconds and by its own clock, rounded up to a minute.
fn resumes_at(answer: &CallResult) -> Option<u64> {
    let resets = || header(answer, "x-ratelimit-reset")?.parse::<u64>().ok();
    let waits = || {
        let wait: u64 = header(answer, "retry-after")?.parse().ok()?;
        let now = httpdate::parse_http_date(header(answer, "date")?).ok()?;
        let now = now.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
        now.checked_add(wait)
    };
    let at = waits().or_else(resets)?;
    Some(at.div_ceil(60).saturating_mul(60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::service;
    use serde_json::Value;

    fn refused(status: u16, headers: &[(&str, &str)]) -> Option<Refusal> {
        let answer = CallResult {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Value::Null,
        };
        Refusal::of(service("github").expect("github"), &answer)
    }

    #[test]
    fn a_status_says_what_can_be_done() {
        for (status, headers, kind) in [
            (200, &[][..], None),
            (401, &[], Some(ErrorKind::TokenRevoked)),
            (403, &[], Some(ErrorKind::Forbidden)),
            (
                403,
                &[("x-ratelimit-remaining", "0")],
                Some(ErrorKind::RateLimited),
            ),
            (403, &[("x-ratelimit-remaining", "1")], Some(ErrorKind::Forbidden)),
            (429, &[], Some(ErrorKind::RateLimited)),
            (503, &[], Some(ErrorKind::ServerUnreachable)),
            (404, &[], Some(ErrorKind::Internal)),
        ] {
            let found = refused(status, headers).map(|refusal| refusal.kind);
            assert_eq!(found, kind, "{status} {headers:?}");
        }
    }

    #[test]
    fn a_pause_says_until_when_by_the_services_own_clock() {
        let date = ("date", "Tue, 24 Nov 2026 13:59:30 GMT");
        let message = |headers: &[(&str, &str)]| refused(429, headers).expect("paused").message;
        assert!(message(&[date, ("retry-after", "300")]).ends_with("paused until 14:05 UTC."));
        assert!(message(&[("x-ratelimit-reset", "1795528800")]).ends_with("paused until 14:00 UTC."));
        for nothing in [&[("retry-after", "soon")][..], &[("retry-after", "5")], &[]] {
            assert!(message(nothing).ends_with("Wait a moment."), "{nothing:?}");
        }
    }
}
