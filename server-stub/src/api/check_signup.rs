//! `PUT /no-auth/check-signup`: the agent asks whether its sign-up is granted, and may wait for it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json as Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use codestream_protocol::ServerCode;
use codestream_protocol::http::LoginResponse;
use codestream_protocol::id::CodeId;
use codestream_protocol::secret::{CodeVerifier, SignupToken};
use serde_json::{Map, Value, json};

use super::prefer::Wait;
use super::{Json, Peer, RouteError, limit, login_data};
use crate::app::App;
use crate::store::{Failure, Grant, HandshakeKind, NewHandshake, SignUpKey, SignUpStatus, Topic, Withdrawn};

/// How long a link that was withdrawn unopened is remembered: as long as it could have been opened.
const LIFE: Duration = Duration::from_mins(10);
/// Most bytes of a token or verifier.
const MOST_OF_A_SECRET: usize = 200;
/// Most bytes of a note of ours.
const MOST_OF_A_NOTE: usize = 1000;

/// Answers at once or, when the client prefers and the configuration allows it, when something has happened.
pub(super) async fn check(
    State(app): State<Arc<App>>,
    peer: Peer,
    headers: HeaderMap,
    Json(body): Json<Map<String, Value>>,
) -> Response {
    let wait = Wait::asked(&headers).filter(|_| app.config.long_poll);
    let answer = poll(&app, &body, &peer, wait).await;
    let mut response = match answer {
        Ok(login) => Body(login).into_response(),
        Err(refusal) => refusal.into_response(),
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match wait {
        Some(wait) => wait.applied_to(response),
        None => response,
    }
}

async fn poll(
    app: &App,
    body: &Map<String, Value>,
    peer: &Peer,
    wait: Option<Wait>,
) -> Result<LoginResponse, RouteError> {
    let key = key(body)?;
    limit::poll(app, &key, app.store.knows_sign_up(&key).await?, peer).await?;
    let address = peer.address.text();
    let known = text(body, "note", MOST_OF_A_NOTE)?;
    match granted(app, &key, address.as_deref(), wait, known).await? {
        Polled::Granted(grant) => assemble(app, *grant).await,
        Polled::NotYet { note } => {
            let refusal = RouteError::of(ServerCode::TokenNotFound);
            Err(match note {
                Some(note) => refusal.with("note", note),
                None => refusal,
            })
        }
    }
}

/// What a poll found.
enum Polled {
    Granted(Box<Grant>),
    NotYet {
        /// For the person who waits.
        note: Option<String>,
    },
}

async fn assemble(app: &App, grant: Grant) -> Result<LoginResponse, RouteError> {
    let Grant {
        user,
        session,
        token,
        status,
        ..
    } = grant;
    login_data::assemble(app, &user, session, token, Some(status)).await
}

/// `PUT /no-auth/withdraw-signup`: the agent has a new link, and this one is to lead nowhere. Only whoever has the verifier
/// can do so; what was granted before is not lost.
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    peer: Peer,
    Json(body): Json<Map<String, Value>>,
) -> Result<Response, RouteError> {
    let key = key(&body)?;
    if key.challenge.is_none() {
        return Err(RouteError::required("codeVerifier"));
    }
    limit::poll(&app, &key, app.store.knows_sign_up(&key).await?, &peer).await?;
    let expires_at = app.clock.now() + LIFE;
    let new = NewHandshake {
        code_id: CodeId(app.random.uuid()),
        kind: HandshakeKind::SignUp { key },
        ide: None,
        machine: None,
        agent_address: None,
        open_by: expires_at,
        expires_at,
    };
    let answer = match app.store.withdraw_sign_up(new, Failure::replaced()).await? {
        Withdrawn::Ended => Body(json!({})).into_response(),
        Withdrawn::Granted(grant) => Body(assemble(&app, *grant).await?).into_response(),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], answer).into_response())
}

/// The grant, or that there is none yet. A note that the agent does not know ends the wait.
async fn granted(
    app: &App,
    key: &SignUpKey,
    address: Option<&str>,
    wait: Option<Wait>,
    known: Option<&str>,
) -> Result<Polled, RouteError> {
    // Before the first look, so that nothing happens unseen between look and wait.
    let waiter = app.wakes.wait_for(Topic::SignUp(key.clone()));
    let until = wait.map(|wait| app.clock.now() + wait.duration());
    let mut last = until.is_none();
    loop {
        match app.store.redeem_sign_up(key, address).await? {
            SignUpStatus::Granted(grant) => return Ok(Polled::Granted(grant)),
            SignUpStatus::Failed(failure) => return Err(refused(failure)),
            SignUpStatus::Spent => return Err(RouteError::of(ServerCode::TokenExpired)),
            SignUpStatus::Pending { note } if last || note.as_deref() != known => {
                return Ok(Polled::NotYet { note });
            }
            SignUpStatus::Unknown if last => return Ok(Polled::NotYet { note: None }),
            SignUpStatus::Unknown | SignUpStatus::Pending { .. } => {}
        }
        let until = until.unwrap_or_else(|| app.clock.now());
        tokio::select! {
            () = waiter.woken() => {}
            () = app.clock.sleep_until(until) => last = true,
            () = app.lifecycle.draining() => last = true,
        }
    }
}

/// A refusal in the agent's terms: codes of users and of time as they are, a service's wrapped in `USRC-1022`.
fn refused(failure: Failure) -> RouteError {
    let own = matches!(
        failure.code,
        ServerCode::AlreadyRegistered
            | ServerCode::NoLoginUnregistered
            | ServerCode::UserNotOnTeam
            | ServerCode::InMaintenanceMode
            | ServerCode::SwitchToServerUrl
            | ServerCode::TokenExpired
            | ServerCode::TokenInvalid
            | ServerCode::LinkReplaced
    );
    let code = if own {
        failure.code
    } else {
        ServerCode::ProviderLoginFailed
    };
    let mut error = RouteError::of(code)
        .saying(failure.message)
        .with("step", failure.step);
    if !own {
        error = error.with("error", failure.code.as_str());
    }
    if let Some(link) = failure.link {
        error = error.with("link", link);
    }
    match failure.provider {
        Some(provider) => error.with("provider", provider),
        None => error,
    }
}

/// Which sign-up a poll is about. Everything else in the body is ignored.
fn key(body: &Map<String, Value>) -> Result<SignUpKey, RouteError> {
    let token = text(body, "token", MOST_OF_A_SECRET)?.filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| RouteError::required("token"))?;
    let verifier = text(body, "codeVerifier", MOST_OF_A_SECRET)?.map(CodeVerifier::new);
    if verifier
        .as_ref()
        .is_some_and(|verifier| !verifier.is_well_formed())
    {
        return Err(RouteError::invalid("codeVerifier"));
    }
    Ok(SignUpKey::of_poll(
        &SignupToken::new(once(token)),
        verifier.as_ref(),
    ))
}

fn text<'a>(body: &'a Map<String, Value>, name: &str, most: usize) -> Result<Option<&'a str>, RouteError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() <= most => Ok(Some(text.as_str())),
        Some(_) => Err(RouteError::invalid(name)),
    }
}

/// A token that was pasted twice in a row is read as one.
fn once(token: &str) -> &str {
    match token.split_at_checked(36) {
        Some((first, second)) if first == second => first,
        _ => token,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<SignUpKey, RouteError> {
        key(body.as_object().expect("an object"))
    }

    #[test]
    fn a_token_pasted_twice_is_read_as_one() {
        let token = "8f14e45f-ceea-467f-9b5d-1d5b2b7a1c11";
        let one = read(&json!({ "token": token })).expect("a key");
        assert_eq!(read(&json!({ "token": token.repeat(2) })), Ok(one.clone()));
        assert_ne!(read(&json!({ "token": token.repeat(3) })), Ok(one));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let verifier = "v".repeat(43);
        assert!(read(&json!({ "token": "t", "codeVerifier": verifier, "nrAccountId": 7 })).is_ok());
        for (body, error) in [
            (json!({}), RouteError::required("token")),
            (json!({ "token": "" }), RouteError::required("token")),
            (json!({ "token": null }), RouteError::required("token")),
            (json!({ "token": 7 }), RouteError::invalid("token")),
            (json!({ "token": "t".repeat(201) }), RouteError::invalid("token")),
            (
                json!({ "token": "t", "codeVerifier": "short" }),
                RouteError::invalid("codeVerifier"),
            ),
        ] {
            assert_eq!(read(&body), Err(error), "{body}");
        }
    }
}
