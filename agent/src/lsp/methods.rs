//! One entry for every request: params in, one call of the session, result out. The same for a request by its own name and
//! for `workspace/executeCommand`.

use std::time::Duration;

use codestream_protocol::lsp::request as method;
use codestream_protocol::text;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::error::{AgentError, Failure};
use crate::session::Session;

/// Longest that any request waits: none of them waits for a person.
const PATIENCE: Duration = Duration::from_secs(30);
/// A direct call may take 60 s by itself, and a refresh may come before it.
const CALL_PATIENCE: Duration = Duration::from_secs(75);

/// Answers a request.
///
/// # Errors
/// What the session says; `internal` when it takes longer than a request may.
pub(crate) async fn answer(session: &Session, name: &str, params: Value) -> Result<Value, AgentError> {
    let patience = match name {
        method::PROVIDER_ME | method::PROVIDER_REQUEST => CALL_PATIENCE,
        _ => PATIENCE,
    };
    timeout(patience, route(session, name, params))
        .await
        .unwrap_or_else(|_| Err(Failure::internal("The agent took too long to answer. Try again.").into()))
}

async fn route(session: &Session, name: &str, params: Value) -> Result<Value, AgentError> {
    match name {
        method::CONNECT => shown(&session.connect(read(params)?).await?),
        method::LOGIN_SSO => shown(&session.sign_in(read(params)?).await?),
        method::ATTEMPT_CANCEL => done(session.cancel(read(params)?).await),
        method::ATTEMPT_REOPEN => shown(&session.reopen(read(params)?).await?),
        method::ATTEMPT_CONFIRM => done(session.confirm(read(params)?).await),
        method::LOGIN_LINK => shown(&session.link(read(params)?).await?),
        method::LOGIN_IDENTITIES => shown(&session.identities().await?),
        method::LOGIN_UNLINK => done(session.unlink(read(params)?).await),
        method::SESSION_LIST => shown(&session.sessions().await?),
        method::SESSION_END => shown(&session.end_session(read(params)?).await?),
        method::LOGIN_OTC => shown(&session.login_otc(read(params)?).await?),
        method::LOGIN_TOKEN => shown(&session.login_token(read(params)?).await?),
        method::LOGOUT => done(session.logout().await),
        method::PROVIDER_LIST => shown(&session.providers().await?),
        method::PROVIDER_DISCONNECT => shown(&session.disconnect(read(params)?).await?),
        method::PROVIDER_CONFIGURE => done(session.configure(read(params)?).await),
        method::PROVIDER_ADD => shown(&session.add(read(params)?).await?),
        method::PROVIDER_REMOVE => done(session.remove(read(params)?).await),
        method::PROVIDER_ME => shown(&session.me(read(params)?).await?),
        method::PROVIDER_REQUEST => raw(&session.call(read(params)?).await?),
        method::STATUS => shown(&session.status().await?),
        unknown => Err(AgentError::UnknownMethod(unknown.to_owned())),
    }
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, AgentError> {
    // An array would be read field by field, in an order that nobody promised.
    if !params.is_object() {
        return Err(AgentError::Params("`params` is one object.".to_owned()));
    }
    serde_json::from_value(params)
        .map_err(|error| AgentError::Params(format!("{}.", text::without_values(&error))))
}

fn shown<T: Serialize>(result: &T) -> Result<Value, AgentError> {
    let mut result = raw(result)?;
    text::safe_json(&mut result);
    Ok(result)
}

/// As the third party said it.
fn raw<T: Serialize>(result: &T) -> Result<Value, AgentError> {
    serde_json::to_value(result).map_err(|error| Failure::internal(error.to_string()).into())
}

fn done(result: Result<(), AgentError>) -> Result<Value, AgentError> {
    result.map(|()| json!({}))
}
