//! The agent's requests and notifications as types: what goes in, what comes out.

use codestream_protocol::lsp::{notification, request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A request to the agent.
pub trait Method {
    /// Its name on the wire.
    const NAME: &'static str;
    /// What it takes.
    type Params: Serialize;
    /// What it answers.
    type Answer: DeserializeOwned;
}

/// A notification of the agent.
pub trait Notice {
    /// Its name on the wire.
    const NAME: &'static str;
    /// What it carries.
    type Params: DeserializeOwned;
}

/// `{}`.
pub type Empty = Map<String, Value>;

macro_rules! methods {
    ($($name:ident = $method:ident: $params:ty => $answer:ty;)+) => {$(
        #[doc = concat!("[`", stringify!($method), "`](request::", stringify!($method), ")")]
        #[derive(Debug)]
        pub enum $name {}
        impl Method for $name {
            const NAME: &'static str = request::$method;
            type Params = $params;
            type Answer = $answer;
        }
    )+};
}

macro_rules! notices {
    ($($name:ident = $method:ident: $params:ty;)+) => {$(
        #[doc = concat!("[`", stringify!($method), "`](notification::", stringify!($method), ")")]
        #[derive(Debug)]
        pub enum $name {}
        impl Notice for $name {
            const NAME: &'static str = notification::$method;
            type Params = $params;
        }
    )+};
}

methods! {
    Connect = CONNECT: request::ProviderParams => request::Started;
    LoginSso = LOGIN_SSO: request::SsoParams => request::Started;
    AttemptCancel = ATTEMPT_CANCEL: request::AttemptParams => Empty;
    AttemptReopen = ATTEMPT_REOPEN: request::ReopenParams => request::Reopened;
    AttemptConfirm = ATTEMPT_CONFIRM: request::AttemptParams => Empty;
    LoginLink = LOGIN_LINK: request::LinkParams => request::Started;
    LoginIdentities = LOGIN_IDENTITIES: Empty => request::Identities;
    LoginUnlink = LOGIN_UNLINK: request::UnlinkParams => Empty;
    ListSessions = SESSION_LIST: Empty => request::SessionList;
    EndSession = SESSION_END: request::SessionEnd => request::SessionsEnded;
    LoginOtc = LOGIN_OTC: request::OtcParams => request::LoginResult;
    LoginToken = LOGIN_TOKEN: request::TokenParams => request::LoginResult;
    Logout = LOGOUT: Empty => Empty;
    List = PROVIDER_LIST: Empty => request::ProviderList;
    Disconnect = PROVIDER_DISCONNECT: request::ProviderParams => request::Disconnected;
    Configure = PROVIDER_CONFIGURE: request::ConfigureParams => Empty;
    Add = PROVIDER_ADD: request::AddParams => request::Added;
    Remove = PROVIDER_REMOVE: request::RemoveParams => Empty;
    Me = PROVIDER_ME: request::ProviderParams => request::Person;
    Call = PROVIDER_REQUEST: request::CallParams => request::Called;
    Status = STATUS: Empty => request::Status;
}

notices! {
    AttemptChanged = ATTEMPT_DID_CHANGE: notification::AttemptDidChange;
    LoggedIn = DID_LOGIN: notification::DidLogin;
    LoggedOut = DID_LOGOUT: notification::DidLogout;
    DataChanged = DID_CHANGE_DATA: notification::DidChangeData;
    ConnectionChanged = DID_CHANGE_CONNECTION_STATUS: notification::DidChangeConnectionStatus;
}
