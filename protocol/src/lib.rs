//! Every name and shape that crosses a process boundary.
//!
//! The agent, the server stub, the editors and the tests meet here and nowhere else. This crate does no I/O, reads no
//! clock and rolls no dice; the same `golden/*.json` vectors are read by the Rust, TypeScript and JVM tests.
//!
//! - [`lsp`]: requests, notifications and errors between IDE and agent
//! - [`http`]: bodies between agent and API
//! - [`channel`]: frames of the me-channel (`SocketCluster`)
//! - [`activity`]: what happened at a third party
//! - [`directive`]: change directives and how they apply
//! - [`host`]: hosts that people name, in one form
//! - [`state`]: the OAuth `state` object
//! - [`text`]: what somebody else wrote, made safe to show
//! - [`match_code`]: what a person compares between IDE and browser

pub mod activity;
pub mod channel;
pub mod code;
pub mod directive;
pub mod host;
pub mod http;
pub mod id;
pub mod lsp;
pub mod match_code;
pub mod pkce;
pub mod secret;
pub mod state;
pub mod text;
pub mod time;

pub use code::ServerCode;
pub use id::{AttemptId, IdentityId, ProviderId, SessionId, TeamId, UserId};
pub use time::UnixMillis;
