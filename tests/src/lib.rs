//! Harness for tests and the demo: both binaries as real processes, driven from outside.
//!
//! - [`bin`]: builds the workspace's binaries once and finds them
//! - [`Stub`]: `codestream-server-stub` with its sandbox, and [`Control`] over it
//! - [`HeadlessIde`]: an IDE without a screen around `codestream-agent`
//! - [`TestBrowser`]: a browser without a screen: cookies by site, redirects, forms
//! - [`Terminal`]: a command whose output is read while it runs
//! - [`Kept`]: a store that outlives its stub, of the engine that is tested
//! - [`Cluster`]: several nodes on one PostgreSQL behind nginx, and [`Socket`] to listen on them
//! - [`Nginx`]: the real one, with a configuration of the test's
//! - [`Postgres`]: a database of a PostgreSQL that lives as long as the test process
//! - [`Environments`]: several stubs behind one callback host
//! - [`Raw`]: a client that speaks HTTP in bytes
//! - [`FaultProxy`]: a network that can be broken on purpose, and that remembers what passed
//! - [`ConnectProxy`], [`Authority`], [`TlsFront`]: a company's network
//! - [`TimeShift`]: a clock that jumps under a real process; [`Usage`]: what a process holds of the machine
//! - [`services`]: what is expected of each third party
//!
//! Nothing here reaches into the crates of the binaries: processes, sockets and pages are the only way in.

mod balancer;
mod bins;
mod browser;
pub mod clock;
mod cluster;
mod connect_proxy;
mod control;
pub mod demo;
mod environments;
mod fault_proxy;
mod http;
mod ide;
mod kept;
mod nginx;
mod node;
pub mod peer;
mod postgres;
mod process;
mod raw;
mod redact;
pub mod services;
mod socket;
mod stub;
mod terminal;
mod time_shift;
mod tls;
pub mod tour;
mod usage;
mod wire;

pub use bins::bin;
pub use browser::{Hop, Jar, Page, SameSite, TestBrowser, same_site};
pub use cluster::Cluster;
pub use connect_proxy::{ConnectProxy, Tunnel};
pub use control::{Control, SandboxUser};
pub use environments::Environments;
pub use fault_proxy::{Exchange, Fault, FaultProxy};
pub use http::{Answer, Http};
pub use ide::{HeadlessIde, IdeBuilder, Incoming, Opened, RpcError, ShowDocument, frame, methods};
pub use kept::Kept;
pub use nginx::Nginx;
pub use node::Ready;
pub use postgres::Postgres;
pub use process::{Home, Output, run};
pub use raw::Raw;
pub use redact::redact;
pub use socket::Socket;
pub use stub::{Stub, StubBuilder};
pub use terminal::Terminal;
pub use time_shift::{Jumps, TimeShift};
pub use tls::{Authority, TlsFront};
pub use usage::Usage;

/// The longest that a test waits for one thing to happen before it fails and says what it was waiting for.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);
