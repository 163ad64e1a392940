//! Waits for a sign-up to be granted: asks the API again and again, politely, until it is granted, refused, expired or
//! cancelled. One question is in flight at a time.
//!
//! A server that holds the question (`Preference-Applied: wait`) is asked again at once, any other with growing delays;
//! trouble on the way has delays of its own, and what the server says in `Retry-After` goes before both. [`classify`] is the
//! one place that decides what an answer means.

use std::time::Duration;

use codestream_protocol::http::{CheckSignup, LoginResponse};
use codestream_protocol::{ServerCode, UnixMillis};
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::api::{Api, ApiError, Checked, Hold};
use crate::backoff::{Backoff, Jitter};
use crate::clock::Clock;
use crate::random::Random;

/// A held answer that comes sooner was not held, whatever the server says.
const HELD: Duration = Duration::from_secs(1);

/// Why there is no session.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PollEnd {
    /// The person gave up.
    #[error("Cancelled.")]
    Cancelled,
    /// Nobody answered in time.
    #[error("Nobody approved in the browser in time. Start again.")]
    Expired {
        /// What stood in the way when time was up.
        trouble: Option<ApiError>,
    },
    /// The server refused, or asking again would not help.
    #[error(transparent)]
    Failed(ApiError),
}

/// What an answer means.
#[derive(Debug)]
enum Verdict {
    /// Signed in.
    Granted(Box<LoginResponse>),
    /// Ask again.
    NotYet {
        held: bool,
        after: Option<Duration>,
        /// For the person who waits.
        note: Option<String>,
    },
    /// Ask again, later.
    Trouble {
        error: ApiError,
        after: Option<Duration>,
    },
    /// Do not ask again.
    End(ApiError),
}

fn classify(answer: Result<Checked, ApiError>) -> Verdict {
    let (error, held) = match answer {
        Ok(Checked { login: Ok(login), .. }) => return Verdict::Granted(Box::new(login)),
        Ok(Checked {
            login: Err(refusal),
            preference_applied,
        }) => (ApiError::Refused(refusal), preference_applied),
        Err(error) => (error, false),
    };
    match error {
        ApiError::Refused(refusal) if refusal.code() == Some(ServerCode::TokenNotFound) => Verdict::NotYet {
            held,
            after: refusal.retry_after,
            note: refusal
                .body
                .info
                .get("note")
                .and_then(Value::as_str)
                .map(str::to_owned),
        },
        error if error.is_transient() => Verdict::Trouble {
            after: error.retry_after(),
            error,
        },
        error => Verdict::End(error),
    }
}

/// Who is asked.
trait Asked: Sync {
    /// `note`: the last one that it gave.
    fn ask(&self, note: Option<&str>) -> impl Future<Output = Result<Checked, ApiError>> + Send;
}

struct Question<'a> {
    api: &'a Api,
    check: &'a CheckSignup,
}

impl Asked for Question<'_> {
    async fn ask(&self, note: Option<&str>) -> Result<Checked, ApiError> {
        let check = CheckSignup {
            note: note.map(str::to_owned),
            ..self.check.clone()
        };
        self.api.check_signup(&check, Hold::Yes).await
    }
}

/// Asks until there is a session or a reason why there is none. `noted` hears each note for the person once.
///
/// # Errors
/// [`PollEnd`].
pub async fn wait_for_grant(
    api: &Api,
    clock: &dyn Clock,
    random: &Random,
    check: &CheckSignup,
    expires_at: UnixMillis,
    cancel: &CancellationToken,
    noted: &(dyn Fn(&str) + Sync),
) -> Result<LoginResponse, PollEnd> {
    poll(&Question { api, check }, clock, random, expires_at, cancel, noted).await
}

async fn poll(
    asked: &impl Asked,
    clock: &dyn Clock,
    random: &Random,
    expires_at: UnixMillis,
    cancel: &CancellationToken,
    noted: &(dyn Fn(&str) + Sync),
) -> Result<LoginResponse, PollEnd> {
    let deadline = Instant::now() + expires_at.since(clock.now());
    let mut trouble = None;
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(PollEnd::Cancelled),
        end = ask_on(asked, random, &mut trouble, noted) => end,
        () = sleep_until(deadline) => Err(PollEnd::Expired { trouble: None }),
    }
    .map_err(|end| match end {
        PollEnd::Expired { .. } => PollEnd::Expired { trouble },
        end => end,
    })
}

async fn ask_on(
    asked: &impl Asked,
    random: &Random,
    trouble: &mut Option<ApiError>,
    noted: &(dyn Fn(&str) + Sync),
) -> Result<LoginResponse, PollEnd> {
    let secs = Duration::from_secs;
    let mut usual = Backoff::new(secs(1), 1.5, secs(5), Jitter::Quarter);
    let mut troubled = Backoff::new(secs(1), 2.0, secs(30), Jitter::Quarter);
    let mut known: Option<String> = None;
    loop {
        let began = Instant::now();
        let delay = match classify(asked.ask(known.as_deref()).await) {
            Verdict::Granted(login) => return Ok(*login),
            Verdict::End(error) => return Err(PollEnd::Failed(error)),
            Verdict::NotYet { held, after, note } => {
                if let Some(note) = note.as_deref().filter(|note| known.as_deref() != Some(note)) {
                    noted(note);
                }
                known = note;
                *trouble = None;
                troubled.reset();
                match after {
                    Some(after) => after,
                    None if held && began.elapsed() >= HELD => {
                        usual.reset();
                        Duration::ZERO
                    }
                    None => usual.next(random.fraction()),
                }
            }
            Verdict::Trouble { error, after } => {
                tracing::info!(%error, "asking for the sign-up again later");
                *trouble = Some(error);
                let delay = troubled.next(random.fraction());
                after.unwrap_or(delay)
            }
        };
        sleep(delay).await;
    }
}

#[cfg(test)]
mod tests;
