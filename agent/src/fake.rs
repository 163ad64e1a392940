//! Servers for tests: real sockets on port 0, in this process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

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

/// A file of `testdata/`.
pub(crate) fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// Reads a request's head and gives it back.
pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => text.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// TLS for `localhost`, with a certificate that nobody trusts.
pub(crate) fn acceptor() -> TlsAcceptor {
    let chain = CertificateDer::pem_file_iter(testdata("localhost.pem"))
        .expect("a file")
        .collect::<Result<_, _>>()
        .expect("certificates");
    let key = PrivateKeyDer::from_pem_file(testdata("localhost-key.pem")).expect("a key");
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a pair");
    TlsAcceptor::from(Arc::new(config))
}
