//! Everything that can happen to a session, as a closed set of inputs. No `Debug`: several hold secrets in plain JSON.

use codestream_protocol::AttemptId;
use codestream_protocol::directive::Directive;
use codestream_protocol::http::{LinkState, LoginResponse, ProviderInfo, UserAnswer, UserChange};
use codestream_protocol::lsp::attempt::Attempt;
use codestream_protocol::lsp::request::{
    AddParams, Added, AttemptParams, CallParams, Called, ConfigureParams, Disconnected, Identities,
    LinkParams, LoginResult, OtcParams, Person, ProviderList, ProviderParams, RemoveParams, ReopenParams,
    Reopened, SessionEnd, SessionList, SessionsEnded, SsoParams, Started, Status, TokenParams, UnlinkParams,
};
use codestream_protocol::secret::{AccessToken, SignupToken};
use tokio::sync::oneshot;

use crate::api::ApiError;
use crate::attempt::{Link, machine};
use crate::error::{AgentError, Failure};
use crate::session::accounts::AccountKey;
use crate::session::reopening::{Renewed, Reopening};

/// Where an answer goes. Dropping it tells the caller that the agent is shutting down.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, AgentError>>;

/// What callers ask for.
pub(crate) enum Request {
    Connect(ProviderParams, Reply<Started>),
    SignIn(SsoParams, Reply<Started>),
    Ended(AttemptId, Reply<Attempt>),
    Cancel(AttemptParams, Reply<()>),
    Reopen(ReopenParams, Reply<Reopened>),
    LoginOtc(OtcParams, Reply<LoginResult>),
    LoginToken(TokenParams, Reply<LoginResult>),
    Link(LinkParams, Reply<Started>),
    Confirm(AttemptParams, Reply<()>),
    Identities(Reply<Identities>),
    Unlink(UnlinkParams, Reply<()>),
    Sessions(Reply<SessionList>),
    EndSession(SessionEnd, Reply<SessionsEnded>),
    Logout(Reply<()>),
    Providers(Reply<ProviderList>),
    Disconnect(ProviderParams, Reply<Disconnected>),
    Configure(ConfigureParams, Reply<()>),
    Add(AddParams, Reply<Added>),
    Remove(RemoveParams, Reply<()>),
    Me(ProviderParams, Reply<Person>),
    Call(CallParams, Reply<Called>),
    Status(Reply<Status>),
}

/// What the actor is told. An `epoch` names the login that an input belongs to: one of an earlier login is dropped.
pub(crate) enum Input {
    /// A caller asks.
    Request(Request),
    /// A step of an attempt's machine.
    Attempt(AttemptId, machine::Input),
    /// The first link of an attempt, or why there is none.
    Linked(AttemptId, Result<Link, Failure>),
    /// A further link of an attempt.
    Relinked {
        id: AttemptId,
        renewed: Result<Renewed, Failure>,
        press: Reopening,
    },
    /// The server says that an attempt's link was replaced.
    Replaced(AttemptId, SignupToken),
    /// A sign-in attempt was granted.
    Granted(AttemptId, Box<LoginResponse>),
    /// What the server said about the session that was kept.
    Restored {
        epoch: u64,
        login: Result<Box<LoginResponse>, ApiError>,
    },
    /// A session by hand: `codestream/login/otc` or `codestream/login/token`.
    LoggedIn {
        login: Box<LoginResponse>,
        team_id: Option<codestream_protocol::TeamId>,
        reply: Reply<LoginResult>,
    },
    /// The me-object, whole.
    Fetched { epoch: u64, fetched: UserAnswer },
    /// The login data, fetched anew for its teams.
    TeamsFetched { epoch: u64, login: Box<LoginResponse> },
    /// A change that an answer told.
    Changed { epoch: u64, change: UserChange },
    /// A change of a team that an answer told.
    TeamChanged { epoch: u64, change: Directive },
    /// A caller of a third party needs another token than the one that was refused.
    Renew {
        epoch: u64,
        key: AccountKey,
        refused: Option<AccessToken>,
        reply: Reply<ProviderInfo>,
    },
    /// What the server said to that.
    Renewed {
        epoch: u64,
        key: AccountKey,
        result: Result<UserChange, ApiError>,
    },
    /// Who an account belongs to, from a direct call.
    Met {
        epoch: u64,
        key: AccountKey,
        who: String,
    },
    /// What the server says of a link handshake.
    LinkSeen { epoch: u64, state: LinkState },
    /// The session was ended from here.
    OwnSessionEnded { epoch: u64 },
    /// The server does not accept the session token any more.
    SessionRefused {
        epoch: u64,
        /// For a person, where the server said it.
        why: Option<String>,
    },
}
