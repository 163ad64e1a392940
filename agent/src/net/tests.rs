use codestream_protocol::lsp::error::ErrorKind;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::*;
use crate::fake;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

fn through(proxy: &str) -> Network {
    let options = NetworkOptions {
        proxy: Some(ProxyOptions {
            url: proxy.to_owned(),
            strict_ssl: true,
        }),
        ..NetworkOptions::default()
    };
    Network::new(&options, &Environment::default()).expect("a network")
}

async fn get(network: &Network, url: &str) -> Result<Response, NetworkError> {
    let request = network.request(Method::GET, Url::parse(url).expect("a URL"))?;
    network.send(request.timeout(Duration::from_secs(5))).await
}

/// An https server whose certificate nobody trusts; its port.
async fn secure() -> u16 {
    let acceptor = fake::acceptor();
    let address = fake::listen(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                fake::head(&mut stream).await;
                let _ = stream.write_all(ANSWER).await;
                let _ = stream.shutdown().await;
            }
        }
    })
    .await;
    address.port()
}

#[tokio::test]
async fn a_closed_port_is_a_connection_that_failed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let error = get(&fake::network(), &format!("http://{address}/"))
        .await
        .expect_err("nobody there");
    assert!(
        matches!(&error, NetworkError::Connect { host, .. } if host == "127.0.0.1"),
        "{error:?}"
    );
    assert_eq!(
        (error.kind(), error.is_transient()),
        (ErrorKind::ServerUnreachable, true)
    );
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_a_name_that_was_not_found() {
    // RFC 6761 §6.4: `.invalid` never exists.
    let error = get(&fake::network(), "http://codestream.invalid/")
        .await
        .expect_err("no such name");
    assert!(
        matches!(&error, NetworkError::Dns { host } if host == "codestream.invalid"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_told_from_one_that_never_was() {
    let address = fake::listen(|stream: TcpStream| async move { drop(stream) }).await;
    let error = get(&fake::network(), &format!("http://{address}/"))
        .await
        .expect_err("broken off");
    assert!(matches!(error, NetworkError::Broken { .. }), "{error:?}");
}

#[tokio::test]
async fn an_untrusted_certificate_is_refused_with_the_name_of_its_issuer() {
    let port = secure().await;
    let error = get(&fake::network(), &format!("https://localhost:{port}/"))
        .await
        .expect_err("not trusted");
    assert_eq!(
        error,
        NetworkError::TlsUntrusted {
            host: "localhost".into(),
            issuer: "Example Inspection CA".into()
        }
    );
    assert!(error.to_string().contains("extraCerts"));
}

#[tokio::test]
async fn the_extra_certificates_make_it_trusted_and_a_name_that_differs_is_still_refused() {
    let port = secure().await;
    let options = NetworkOptions {
        extra_certs: Some(fake::testdata("inspection-ca.pem")),
        ..NetworkOptions::default()
    };
    let network = Network::new(&options, &Environment::default()).expect("a network");
    assert_eq!(
        get(&network, &format!("https://localhost:{port}/"))
            .await
            .expect("trusted")
            .status(),
        200
    );
    let error = get(&network, &format!("https://127.0.0.1:{port}/"))
        .await
        .expect_err("another name");
    assert!(matches!(error, NetworkError::Tls { .. }), "{error:?}");
}

#[tokio::test]
async fn without_strict_ssl_any_certificate_will_do() {
    let port = secure().await;
    for options in [
        NetworkOptions {
            disable_strict_ssl: true,
            ..NetworkOptions::default()
        },
        NetworkOptions {
            proxy: Some(ProxyOptions {
                url: String::new(),
                strict_ssl: false,
            }),
            ..NetworkOptions::default()
        },
    ] {
        let network = Network::new(&options, &Environment::default()).expect("a network");
        assert!(!network.is_strict());
        assert_eq!(
            get(&network, &format!("https://localhost:{port}/"))
                .await
                .expect("any")
                .status(),
            200
        );
    }
}

#[tokio::test]
async fn a_file_of_certificates_that_is_none_is_named() {
    for file in ["missing.pem", "README.md"] {
        let options = NetworkOptions {
            extra_certs: Some(fake::testdata(file)),
            ..NetworkOptions::default()
        };
        let network = Network::new(&options, &Environment::default()).expect("a network");
        let error = get(&network, "http://127.0.0.1:1/")
            .await
            .expect_err("no certificates");
        assert!(matches!(error, NetworkError::Setting(_)), "{error:?}");
        assert!(
            error.to_string().contains("extraCerts") && error.to_string().contains(file),
            "{error}"
        );
    }
}

#[tokio::test]
async fn https_goes_through_the_proxy_with_its_credentials() {
    let (told, mut heads) = tokio::sync::mpsc::unbounded_channel();
    let acceptor = fake::acceptor();
    let proxy = fake::listen(move |mut stream| {
        let (told, acceptor) = (told.clone(), acceptor.clone());
        async move {
            let _ = told.send(fake::head(&mut stream).await);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            if let Ok(mut stream) = acceptor.accept(stream).await {
                fake::head(&mut stream).await;
                let _ = stream.write_all(ANSWER).await;
            }
        }
    })
    .await;
    let network = through(&format!("http://me:secret@{proxy}"));
    // The name in the certificate is not this one, which shows that TLS was spoken through the tunnel.
    let error = get(&network, "https://api.example.test/")
        .await
        .expect_err("another name");
    assert!(
        matches!(
            error,
            NetworkError::Tls { .. } | NetworkError::TlsUntrusted { .. }
        ),
        "{error:?}"
    );
    let asked = heads.recv().await.expect("a request").to_ascii_lowercase();
    assert!(asked.starts_with("connect api.example.test:443 "), "{asked}");
    assert!(
        asked.contains("proxy-authorization: basic bwu6c2vjcmv0"),
        "{asked}"
    );
}

#[tokio::test]
async fn a_proxy_that_wants_credentials_is_told_from_a_server_that_is_down() {
    let proxy = fake::listen(|mut stream| async move {
        fake::head(&mut stream).await;
        let _ = stream
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n")
            .await;
    })
    .await;
    let error = get(&through(&format!("http://{proxy}")), "https://api.example.test/")
        .await
        .expect_err("407");
    assert_eq!(error, NetworkError::ProxyAuth);
}

#[tokio::test]
async fn a_proxy_that_is_down_is_a_connection_that_failed() {
    let error = get(&through("http://127.0.0.1:1"), "https://api.example.test/")
        .await
        .expect_err("no proxy");
    assert!(matches!(error, NetworkError::Connect { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("api.example.test through the proxy 127.0.0.1:1"),
        "{error}"
    );
}

#[tokio::test]
async fn plain_http_is_not_sent_through_a_proxy() {
    let network = through("http://127.0.0.1:1");
    let error = get(&network, "http://api.example.test/")
        .await
        .expect_err("refused");
    assert!(matches!(error, NetworkError::ProxyNeedsTls { .. }), "{error:?}");
    let error = network
        .upgrade(Url::parse("http://api.example.test/").expect("a URL"))
        .err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::ProxyNeedsTls));
}

#[tokio::test]
async fn loopback_is_reached_past_the_proxy_and_redirects_are_not_followed() {
    let router = axum::Router::new().route(
        "/",
        axum::routing::get(|| async { axum::response::Redirect::to("/next") }),
    );
    let address = fake::serve(router).await;
    let answer = get(&through("http://127.0.0.1:1"), &format!("http://{address}/"))
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 303);
}

/// CWE-532, CWE-209: the parser's own words quote the lines of a bundle, and those may be its private key.
#[tokio::test]
async fn a_certificate_file_that_cannot_be_read_is_not_repeated() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let path = directory.path().join("bundle.pem");
    let canary = "c4nary";
    for text in [
        format!("-----BEGIN PRIVATE KEY----- {canary}"),
        format!("-----BEGIN CERTIFICATE-----\n{canary}!\n-----END CERTIFICATE-----\n"),
        format!("-----BEGIN {canary}-----\nAAAA\n"),
        canary.to_owned(),
    ] {
        std::fs::write(&path, &text).expect("a file");
        let options = NetworkOptions {
            extra_certs: Some(path.clone()),
            ..NetworkOptions::default()
        };
        let network = Network::new(&options, &Environment::default()).expect("a network");
        let told = get(&network, "http://127.0.0.1:1/")
            .await
            .expect_err(&text)
            .to_string();
        let bytes = format!("{:?}", canary.as_bytes());
        assert!(told.contains("bundle.pem"), "{told}");
        assert!(
            !told.contains(canary) && !told.contains(bytes.trim_matches(['[', ']'])),
            "{told}"
        );
    }
}
