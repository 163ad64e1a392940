//! Makes the links of an attempt and asks for its grant. Knows nothing of steps and ends.

use std::time::Duration;

use codestream_protocol::http::{CheckSignup, LoginResponse, ProviderRow, StartCodeAnswer};
use codestream_protocol::id::CodeId;
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::secret::SessionToken;
use codestream_protocol::{ServerCode, TeamId, UnixMillis, match_code};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::api::{Api, ApiError, Device, Purpose, Withdrawn};
use crate::attempt::{Link, Target};
use crate::backoff::{Backoff, Jitter};
use crate::clock::Clock;
use crate::error::Failure;
use crate::poll::{PollEnd, wait_for_grant};
use crate::random::Random;
use crate::thirdparty;

/// How often a server that does not answer is asked to end a sign-up.
const WITHDRAWALS: u32 = 3;
/// The server's capability that asks people to compare match codes.
const CONFIRMS: &str = "confirmSignIn";
/// Clocks this close together are one clock.
const SAME_CLOCK: Duration = Duration::from_secs(5);

/// A link that connects `provider` or links an account there, at a self-hosted service's `host`.
#[expect(clippy::too_many_arguments, reason = "what a link is made of")]
pub(crate) async fn connect_link(
    api: &Api,
    clock: &dyn Clock,
    session: &SessionToken,
    team_id: &TeamId,
    purpose: Purpose,
    (provider, host): (&str, Option<&str>),
    remaining: Duration,
    device: &Device,
    replaces: &[CodeId],
) -> Result<Link, ApiError> {
    let answer = api
        .start_code(session, team_id, remaining, purpose, device, replaces)
        .await?;
    Ok(Link {
        url: api.connect_url(provider, host, &answer.code).into(),
        code_id: Some(answer.code_id),
        expires_at: by_our_clock(&answer, clock.now()),
        match_code: answer.match_code,
    })
}

/// The end of a handshake by our own clock, whatever the server's says: a laptop that is minutes off still has its time.
fn by_our_clock(answer: &StartCodeAnswer, now: UnixMillis) -> UnixMillis {
    let apart = now.since(answer.channel_time).max(answer.channel_time.since(now));
    if apart <= SAME_CLOCK {
        answer.expires_at
    } else {
        now + answer.expires_at.since(answer.channel_time)
    }
}

/// A link that signs in with `provider`. Asks the server first what it can do, so that a browser is never sent to a server
/// that is not there, or for a service that it does not have.
///
/// # Errors
/// Why there is no link.
pub(crate) async fn sign_in_link(
    api: &Api,
    clock: &dyn Clock,
    provider: &str,
    target: &Target,
    remaining: Duration,
    device: &Device,
) -> Result<Link, Failure> {
    let Target::SignIn {
        token,
        verifier,
        signup,
    } = target
    else {
        return Err(Failure::internal("A link for signing in needs a sign-up token."));
    };
    let can = api.capabilities().await.map_err(|error| match error {
        // JSON without capabilities is another product's.
        ApiError::Decode { .. } => Failure::new(
            ErrorKind::NotCodeStream,
            "Something else than CodeStream answers at the server's address. Check the setting `serverUrl`.",
        ),
        error => Failure::from(&error),
    })?;
    let row = can
        .providers
        .into_values()
        .find(|row| row.name == provider || row.id.as_str() == provider);
    let row = offered(provider, row)?;
    let challenge = verifier.challenge();
    Ok(Link {
        url: api
            .sign_in_url(&row.name, token, &challenge, remaining, *signup, device)
            .into(),
        code_id: None,
        expires_at: clock.now() + remaining,
        match_code: can
            .capabilities
            .contains_key(CONFIRMS)
            .then(|| match_code::of_challenge(&challenge)),
    })
}

/// The row of a service that can be used to sign in.
pub(crate) fn offered(provider: &str, row: Option<ProviderRow>) -> Result<ProviderRow, Failure> {
    match row {
        Some(row) if row.can_sign_up => Ok(row),
        Some(row) if row.token_only => Err(not_there(&row.name)),
        Some(row) => Err(Failure::of_code(ServerCode::IdentityMatchingNotSupported).of_provider(&row.name)),
        None => Err(not_there(provider)),
    }
}

/// Why a service cannot be used: nobody knows it, or the server has not set it up.
pub(crate) fn not_there(provider: &str) -> Failure {
    match thirdparty::service(provider) {
        Some(service) => Failure {
            message: format!(
                "{} is not set up on the server. Ask its administrator to add its client id.",
                service.display_name
            ),
            ..Failure::of_code(ServerCode::ProviderNotConfigured).of_provider(service.name)
        },
        None => Failure::new(
            ErrorKind::UnknownProvider,
            "This service is not known. `codestream/provider/list` names those that are.",
        )
        .of_provider(provider),
    }
}

/// Why a service cannot be approved in a browser: there is no app to approve.
pub(crate) fn no_app(row: &ProviderRow) -> Failure {
    let message = if row.is_enterprise {
        format!(
            "{} was added without an app, so there is nothing to approve there. Use a token, or add it again with an app.",
            row.host
        )
    } else {
        format!(
            "The server has no app at {}. Use a token, or ask the server's administrator to add its client id.",
            row.display_name
        )
    };
    Failure {
        message,
        ..Failure::of_code(ServerCode::ProviderNotConfigured).of_provider(&row.name)
    }
}

/// Ends the sign-up behind a link that is to be replaced. Asked again while the server does not answer: it answers alike, and
/// an answer that was lost may have been a session. The request itself is not given up with the attempt, for the same reason.
///
/// # Errors
/// Whether the old link still leads anywhere is not known.
pub(crate) async fn withdraw(
    api: &Api,
    random: &Random,
    check: &CheckSignup,
    cancel: &CancellationToken,
) -> Result<Withdrawn, Failure> {
    let mut delays = Backoff::new(
        Duration::from_millis(500),
        2.0,
        Duration::from_secs(4),
        Jitter::Quarter,
    );
    let mut tries = 0;
    loop {
        let error = match api.withdraw_signup(check).await {
            Ok(withdrawn) => return Ok(withdrawn),
            Err(error) => error,
        };
        tries += 1;
        match &error {
            // A server of an earlier version: its link dies with its time.
            ApiError::Refused(refusal) if refusal.code() == Some(ServerCode::NotFound) => {
                return Ok(Withdrawn::Ended);
            }
            error if error.is_transient() && tries < WITHDRAWALS && !cancel.is_cancelled() => {}
            error => return Err(Failure::from(error)),
        }
        let delay = delays.next(random.fraction());
        tokio::select! {
            () = cancel.cancelled() => return Err(Failure::from(&error)),
            () = sleep(error.retry_after().unwrap_or(delay)) => {}
        }
    }
}

/// Asks for the grant of a sign-in until there is an answer; `None` when it was cancelled.
pub(crate) async fn grant(
    api: &Api,
    clock: &dyn Clock,
    random: &Random,
    check: &CheckSignup,
    expires_at: UnixMillis,
    cancel: &CancellationToken,
    noted: &(dyn Fn(&str) + Sync),
) -> Option<Result<Box<LoginResponse>, Failure>> {
    let end = match wait_for_grant(api, clock, random, check, expires_at, cancel, noted).await {
        Ok(login) => return Some(Ok(Box::new(login))),
        Err(end) => end,
    };
    let failure = match &end {
        PollEnd::Cancelled => return None,
        PollEnd::Expired { trouble: None } => Failure::new(ErrorKind::Expired, end.to_string()),
        PollEnd::Expired {
            trouble: Some(trouble),
        } => Failure::new(
            ErrorKind::Expired,
            format!("Time is up, and the server could not be asked: {trouble} Start again."),
        ),
        PollEnd::Failed(error) => Failure::from(error),
    };
    Some(Err(failure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use codestream_protocol::id::CodeId;
    use codestream_protocol::secret::StartCode;

    fn answer(channel_time: i64, expires_at: i64) -> StartCodeAnswer {
        StartCodeAnswer {
            code: StartCode::new("c"),
            code_id: CodeId(uuid::Uuid::nil()),
            expires_at: UnixMillis(expires_at),
            channel_time: UnixMillis(channel_time),
            match_code: None,
        }
    }

    #[test]
    fn a_clock_that_is_minutes_off_leaves_the_person_the_whole_time() {
        let now = UnixMillis(1_000_000);
        for (channel_time, expires_at, by_ours) in [
            (1_000_100, 1_300_100, 1_300_100),
            (1_600_000, 1_900_000, 1_300_000),
            (400_000, 700_000, 1_300_000),
        ] {
            assert_eq!(
                by_our_clock(&answer(channel_time, expires_at), now),
                UnixMillis(by_ours)
            );
        }
    }

    #[test]
    fn a_service_that_the_agent_knows_is_not_set_up_and_any_other_is_unknown() {
        assert_eq!(not_there("github").kind, ErrorKind::ProviderNotConfigured);
        assert_eq!(not_there("github*com").provider.as_deref(), Some("github"));
        assert_eq!(not_there("nobody").kind, ErrorKind::UnknownProvider);
    }
}
