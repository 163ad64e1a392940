//! The harness's one HTTP client: no redirects, no cookies, no proxy, so that a test sees every answer as it was sent.

use std::net::SocketAddr;
use std::sync::{LazyLock, Once};
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::tls::Authority;

/// A plain client for tests that speak to the API themselves.
#[derive(Debug, Clone)]
pub struct Http(reqwest::Client);

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; replacement characters where it is not UTF-8.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| {
            panic!(
                "{} with a body that is not JSON ({error}): {}",
                self.status, self.text
            )
        })
    }

    /// A header as text, empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }

    /// The refusal's code, empty when the body has none.
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.text).unwrap_or(Value::Null);
        body["code"].as_str().unwrap_or("").to_owned()
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl Http {
    /// A client. One is shared by all, since reading the machine's certificates takes its time and it keeps nothing between
    /// requests.
    pub fn new() -> Self {
        static PLAIN: LazyLock<Http> = LazyLock::new(|| Http::build(reqwest::ClientBuilder::no_proxy));
        PLAIN.clone()
    }

    /// One in a company's network: what is not on this machine goes through its proxy, and its authorities are trusted.
    pub fn behind(proxy: &str, authorities: &[&Authority]) -> Self {
        let roots = authorities.iter().map(|authority| root(authority));
        let own = reqwest::NoProxy::from_string("localhost,127.0.0.1");
        let proxy = reqwest::Proxy::https(proxy).expect("a proxy").no_proxy(own);
        Self::build(|builder| builder.proxy(proxy).tls_certs_only(roots))
    }

    /// One that trusts this authority alone, and finds hosts where a test has put them.
    pub fn trusting(authority: &Authority, hosts: &[(&str, SocketAddr)]) -> Self {
        let root = root(authority);
        Self::build(|builder| {
            let builder = builder.no_proxy().tls_certs_only([root]);
            hosts.iter().fold(builder, |builder, (host, address)| {
                builder.resolve(host, *address)
            })
        })
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one builder")]
    fn build(with: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // An error means that one is installed already.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            // One request a connection, so that a cut hits what it is meant for.
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_mins(1));
        let client = with(builder).build().expect("a client builds");
        Self(client)
    }

    /// Begins a request.
    pub fn request(&self, method: Method, url: &str) -> reqwest::RequestBuilder {
        self.0.request(method, url)
    }

    /// Sends `body` (nothing when `Null`) and reads the answer.
    pub async fn call(&self, method: Method, url: &str, bearer: Option<&str>, body: &Value) -> Answer {
        let mut request = self.request(method, url);
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        Self::send(request).await
    }

    /// `GET`.
    pub async fn get(&self, url: &str, bearer: Option<&str>) -> Answer {
        self.call(Method::GET, url, bearer, &Value::Null).await
    }

    /// `PUT`.
    pub async fn put(&self, url: &str, bearer: Option<&str>, body: &Value) -> Answer {
        self.call(Method::PUT, url, bearer, body).await
    }

    /// Sends a request and reads the answer.
    ///
    /// # Panics
    /// When there is none.
    pub async fn send(request: reqwest::RequestBuilder) -> Answer {
        Self::try_send(request).await.expect("a whole answer")
    }

    /// As [`send`](Self::send).
    ///
    /// # Errors
    /// There is no answer, or not a whole one.
    pub async fn try_send(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await?;
        Ok(Answer {
            status,
            headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }
}

fn root(authority: &Authority) -> reqwest::Certificate {
    let pem = std::fs::read(authority.file()).expect("the authority's file");
    reqwest::Certificate::from_pem(&pem).expect("a certificate")
}
