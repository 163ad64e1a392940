//! An HTTP proxy as companies have one: tunnels by `CONNECT` (RFC 9110 §9.3.6), with names that only it can resolve,
//! perhaps with a password.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::wire::Wire;

/// What it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tunnel {
    /// `host:port`.
    pub target: String,
    /// How it was answered.
    pub status: u16,
}

#[derive(Debug, Default)]
struct Shared {
    hosts: Mutex<BTreeMap<String, SocketAddr>>,
    credentials: Option<String>,
    tunnels: Mutex<Vec<Tunnel>>,
}

/// A running proxy.
#[derive(Debug)]
pub struct ConnectProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Everything ends with it.
    _tasks: JoinSet<()>,
}

impl ConnectProxy {
    /// One for everybody.
    pub async fn start() -> Self {
        Self::with(None).await
    }

    /// One that wants a user name and a password: `user:password`.
    pub async fn start_with(credentials: &str) -> Self {
        Self::with(Some(format!("Basic {}", STANDARD.encode(credentials)))).await
    }

    async fn with(credentials: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            credentials,
            ..Shared::default()
        });
        let mut tasks = JoinSet::new();
        let served = Arc::clone(&shared);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let shared = Arc::clone(&served);
                // A connection that breaks is seen by both of its sides.
                connections.spawn(async move { drop(shared.serve(client).await) });
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            shared,
            _tasks: tasks,
        }
    }

    /// `host:port` of the proxy itself.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its URL with credentials in it.
    pub fn url_with(&self, credentials: &str) -> String {
        format!("http://{credentials}@{}", self.address)
    }

    /// Lets `host:port` lead to an address.
    pub fn host(&self, target: &str, address: SocketAddr) {
        let mut hosts = self.shared.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.insert(target.to_owned(), address);
    }

    /// What it was asked for so far.
    pub fn tunnels(&self) -> Vec<Tunnel> {
        let tunnels = self.shared.tunnels.lock();
        tunnels.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many tunnels to `target` were opened.
    pub fn opened_to(&self, target: &str) -> usize {
        let opened = |one: &&Tunnel| one.target == target && one.status == 200;
        self.tunnels().iter().filter(opened).count()
    }
}

impl Shared {
    fn note(&self, tunnel: Tunnel) {
        let mut tunnels = self.tunnels.lock().unwrap_or_else(PoisonError::into_inner);
        tunnels.push(tunnel);
    }

    async fn serve(&self, client: TcpStream) -> io::Result<()> {
        let mut client = Wire::new(client);
        while let Some(head) = client.head().await? {
            let [method, target, _] = head.start.clone();
            let right = self
                .credentials
                .as_deref()
                .is_none_or(|wanted| head.header("proxy-authorization") == Some(wanted));
            let address = {
                let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
                hosts.get(&target).copied()
            };
            let server = match address {
                _ if method != "CONNECT" => Err("405 Method Not Allowed"),
                _ if !right => {
                    Err("407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"")
                }
                None => Err("502 Bad Gateway"),
                Some(address) => TcpStream::connect(address).await.map_err(|_| "502 Bad Gateway"),
            };
            let answer = *server.as_ref().err().unwrap_or(&"200 Connection Established");
            let tunnel = Tunnel {
                target,
                status: answer[..3].parse().expect("a status"),
            };
            self.note(tunnel);
            match server {
                Err(answer) => {
                    let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
                    client.write(answer.as_bytes()).await?;
                }
                Ok(mut server) => {
                    client
                        .write(format!("HTTP/1.1 {answer}\r\n\r\n").as_bytes())
                        .await?;
                    copy_bidirectional(&mut client.stream, &mut server).await?;
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
