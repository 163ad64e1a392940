//! The `CodeStream` agent as a library.

pub mod api;
mod backoff;
pub mod channel;
pub mod environment;
pub mod net;
pub mod thirdparty;
