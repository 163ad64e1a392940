//! Several environments behind one callback host and one internal host: the real nginx, with the configuration that the
//! server prints for it.
//!
//! Each environment, the callback host and the internal host have an address of their own, so that cookies of one are not
//! seen by another.

use crate::bins::bin;
use crate::nginx::Nginx;
use crate::peer::available;
use crate::process::{Home, run};
use crate::stub::{Stub, StubBuilder};

/// Where third parties send browsers back to.
const CALLBACK_HOST: &str = "127.0.0.2";
/// Where third parties call.
const INTERNAL_HOST: &str = "127.0.0.3";
/// Of the first environment: the others follow.
const FIRST: u8 = 11;

/// Environments behind nginx.
#[derive(Debug)]
pub struct Environments {
    nginx: Nginx,
    stubs: Vec<(String, Stub)>,
    port: u16,
}

impl Environments {
    /// Starts one environment for each name, all with the same options of the caller's; `None`, said in one line, where
    /// nginx is not installed or this machine has only one loopback address.
    pub async fn start(names: &[&str], options: impl Fn(&str, StubBuilder) -> StubBuilder) -> Option<Self> {
        if !Self::can_start() {
            return None;
        }
        let port = Nginx::free("127.0.0.1:0").port();
        let mut stubs = Vec::new();
        for (number, name) in (FIRST..).zip(names) {
            let stub = Stub::builder()
                .listen(&format!("127.0.0.{number}:0"))
                .args(["--environment", *name])
                .args(["--auth-origin", &format!("http://{CALLBACK_HOST}:{port}")]);
            stubs.push(((*name).to_owned(), options(name, stub).start().await));
        }
        let origins: Vec<_> = stubs
            .iter()
            .map(|(name, stub)| (name.as_str(), stub.api()))
            .collect();
        let nginx = Self::front(port, &origins).await;
        Some(Self { nginx, stubs, port })
    }

    /// Whether there is what they need; said in one line where there is not. With `CI=true` there must be.
    ///
    /// # Panics
    /// When there is not and `CI=true`.
    pub fn can_start() -> bool {
        Nginx::is_installed() && has_addresses()
    }

    /// nginx alone, in front of environments that are there already.
    pub async fn front(port: u16, environments: &[(&str, &str)]) -> Nginx {
        let at = ([127, 0, 0, 1], port).into();
        Nginx::start(at, &configuration(port, environments).await).await
    }

    /// Where a third party calls an environment behind [`front`](Self::front).
    pub fn action_at(port: u16, environment: &str, action: &str) -> String {
        format!("http://{INTERNAL_HOST}:{port}/{environment}/no-auth/provider-action/{action}")
    }

    /// Origin of the callback host.
    pub fn callback(&self) -> String {
        format!("http://{CALLBACK_HOST}:{}", self.port)
    }

    /// Origin of the internal host.
    pub fn internal(&self) -> String {
        format!("http://{INTERNAL_HOST}:{}", self.port)
    }

    /// Where a third party calls an environment.
    pub fn action(&self, environment: &str, action: &str) -> String {
        Self::action_at(self.port, environment, action)
    }

    /// One of them.
    ///
    /// # Panics
    /// When there is none of this name.
    pub fn stub(&self, name: &str) -> &Stub {
        let found = self.stubs.iter().find(|(known, _)| known == name);
        &found.expect("an environment of this name").1
    }

    /// Ends one without a word.
    pub async fn kill(&mut self, name: &str) {
        let found = self.stubs.iter_mut().find(|(known, _)| known == name);
        found.expect("an environment of this name").1.kill().await;
    }

    /// What nginx logged so far.
    pub fn log(&self) -> String {
        self.nginx.log()
    }
}

/// Whether every loopback address is this machine's, as on Linux.
fn has_addresses() -> bool {
    let there = std::net::TcpListener::bind((CALLBACK_HOST, 0)).is_ok();
    available("an address of this machine beside 127.0.0.1", there)
}

/// What the server prints for them.
async fn configuration(port: u16, environments: &[(&str, &str)]) -> String {
    let home = Home::new();
    let mut command = home.command(&bin("codestream-server-stub"));
    command
        .arg("nginx-config")
        .args(["--callback-host", CALLBACK_HOST])
        .args(["--internal-host", INTERNAL_HOST])
        .args(["--listen", &port.to_string(), "--log-directory", "."]);
    for (name, origin) in environments {
        command.args(["--environment", &format!("{name}={origin}")]);
    }
    let output = run(command).await;
    assert_eq!(output.code, Some(0), "nginx-config: {}", output.stderr);
    output.stdout
}
