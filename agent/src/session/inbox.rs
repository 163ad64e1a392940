//! Everything that can happen to a session, as a closed set of inputs.

use codestream_protocol::AttemptId;
use codestream_protocol::lsp::attempt::Attempt;
use codestream_protocol::lsp::request::{
    AddParams, Added, AttemptParams, CallParams, CallResult, ConfigureParams, Disconnected, LoginResult,
    OtcParams, Person, ProviderList, ProviderParams, Reopened, SsoParams, Started, Status, TokenParams,
};
use tokio::sync::oneshot;

use crate::error::AgentError;

/// Where an answer goes. Dropping it tells the caller that the agent is shutting down.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, AgentError>>;

/// What callers ask for.
#[derive(Debug)]
pub(crate) enum Request {
    Connect(ProviderParams, Reply<Started>),
    SignIn(SsoParams, Reply<Started>),
    Ended(AttemptId, Reply<Attempt>),
    Cancel(AttemptParams, Reply<()>),
    Reopen(AttemptParams, Reply<Reopened>),
    LoginOtc(OtcParams, Reply<LoginResult>),
    LoginToken(TokenParams, Reply<LoginResult>),
    Logout(Reply<()>),
    Providers(Reply<ProviderList>),
    Disconnect(ProviderParams, Reply<Disconnected>),
    Configure(ConfigureParams, Reply<()>),
    Add(AddParams, Reply<Added>),
    Remove(ProviderParams, Reply<()>),
    Me(ProviderParams, Reply<Person>),
    Call(CallParams, Reply<CallResult>),
    Status(Reply<Status>),
}

/// What the actor is told.
#[derive(Debug)]
pub(crate) enum Input {
    Request(Request),
}
