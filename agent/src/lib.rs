//! The `CodeStream` agent as a library.

pub mod api;
mod attempt;
mod backoff;
pub mod browser;
pub mod channel;
pub mod cli;
pub mod clock;
pub mod environment;
pub mod error;
#[cfg(test)]
mod fake;
pub mod keep;
pub mod lifecycle;
pub mod log;
pub mod lsp;
pub mod net;
pub mod poll;
pub mod random;
pub mod session;
pub mod thirdparty;
