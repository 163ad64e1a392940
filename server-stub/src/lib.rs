//! The API side of `CodeStream`'s integrations: routes, OAuth broker, store, me-channel and an offline sandbox.
//!
//! [`serve()`] runs all of it on listeners that the caller bound, until the caller's shutdown future ends. Nothing here
//! installs a signal handler, reads the command line or ends the process.

mod actions;
mod api;
mod app;
mod broker;
mod channel;
pub mod cli;
mod clock;
pub mod config;
mod deadlines;
mod faults;
mod keys;
mod lifecycle;
mod listen;
mod me;
mod metrics;
mod nginx;
mod outbound;
mod pages;
mod providers;
mod random;
mod sandbox;
mod serve;
mod store;

pub use config::Config;
pub use serve::{Listeners, ServeError, Server, serve};
