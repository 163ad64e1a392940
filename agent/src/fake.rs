//! Servers for tests: real sockets on port 0, in this process.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};

use crate::environment::Environment;
use crate::lifecycle::Lifecycle;
use crate::net::{Network, NetworkOptions};

/// Serves `router` until the test's runtime ends.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    Lifecycle::new().spawn(async move { axum::serve(listener, router).await });
    address
}

/// Gives each connection to `each`, one after another.
pub(crate) async fn listen<F, R>(mut each: F) -> SocketAddr
where
    F: FnMut(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    Lifecycle::new().spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            each(stream).await;
        }
    });
    address
}

/// A network without proxy and further certificates.
pub(crate) fn network() -> Network {
    Network::new(&NetworkOptions::default(), &Environment::default()).expect("a network")
}
