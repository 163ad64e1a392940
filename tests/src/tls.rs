//! A company's own certificate authority, and TLS in front of a plain server.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use url::Url;

/// A certificate authority that no machine trusts by itself.
#[derive(Debug)]
pub struct Authority {
    name: String,
    issuer: Issuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Authority {
    /// One with a name of its own.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        let file = NamedTempFile::with_suffix(".pem").expect("a file");
        std::fs::write(file.path(), certificate.pem()).expect("written");
        Self {
            name: name.to_owned(),
            issuer: Issuer::new(params, key),
            file,
        }
    }

    /// Its name in certificates.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its own certificate, as a PEM file.
    pub fn file(&self) -> &Path {
        self.file.path()
    }

    /// A certificate for `names` and its key, as PEM files in `directory`: what a server of its own is told of.
    pub fn certificate(&self, names: &[&str], directory: &Path) -> (String, String) {
        let (certificate, key) = self.issue(names);
        let file = |name: &str, text: String| {
            let path = directory.join(name);
            std::fs::write(&path, text).expect("written");
            path.display().to_string()
        };
        (
            file("server.pem", certificate.pem()),
            file("server.key", key.serialize_pem()),
        )
    }

    fn issue(&self, names: &[&str]) -> (Certificate, KeyPair) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate, key)
    }

    fn acceptor(&self, names: &[&str]) -> TlsAcceptor {
        let (certificate, key) = self.issue(names);
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a PKCS#8 key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a pair");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Speaks TLS to clients and passes the bytes on to a plain server.
#[derive(Debug)]
pub struct TlsFront {
    address: SocketAddr,
    /// Everything ends with it.
    _tasks: JoinSet<()>,
}

impl TlsFront {
    /// Binds, so that a server can be told its address before it starts.
    pub async fn bind(ip: std::net::IpAddr) -> TcpListener {
        TcpListener::bind((ip, 0)).await.expect("a free port")
    }

    /// In front of the server at `origin`, with a certificate for `names`.
    pub fn serve(listener: TcpListener, authority: &Authority, names: &[&str], origin: &str) -> Self {
        let url = Url::parse(origin).expect("an origin");
        let targets = url.socket_addrs(|| None).expect("an address");
        let address = listener.local_addr().expect("a bound listener has an address");
        let acceptor = authority.acceptor(names);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, targets) = (acceptor.clone(), targets.clone());
                connections.spawn(async move {
                    // A client that does not trust the certificate hangs up: that is what some tests are about.
                    let Ok(mut client) = acceptor.accept(client).await else {
                        return;
                    };
                    if let Ok(mut server) = TcpStream::connect(&targets[..]).await {
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            _tasks: tasks,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
