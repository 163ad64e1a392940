//! Finding a service that a team hosts itself: from any address that a person pastes to the base, by asking.
//!
//! The faults on the way are told apart, since each is mended in another way: an address that is none, a name that is not
//! known, a certificate that is not trusted, nobody who answers, another product that answers, credentials that are not taken.

use std::time::Duration;

use codestream_protocol::host::{self, AddressError, is_loopback};
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::CallResult;
use codestream_protocol::secret::ClientSecret;
use reqwest::header::ACCEPT;
use reqwest::{Method, RequestBuilder};
use url::Url;

use crate::api::ServerUrl;
use crate::net::NetworkError;
use crate::thirdparty::call::Answer;
use crate::thirdparty::{CallError, Service, ThirdParty};

/// Time for one question.
const PATIENCE: Duration = Duration::from_secs(10);
/// Context paths have few segments.
const MOST_SEGMENTS: usize = 4;

/// How a service is found where a team hosts it itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SelfHosted {
    /// What it is.
    pub(super) service: &'static Service,
    /// Its API, below its base; ends in `/`.
    pub(super) api: &'static str,
    /// A path of the API that tells the product also to whoever has no token.
    pub(super) probe: &'static str,
    /// Whether an answer at `probe` is this product's.
    pub(super) is_it: fn(&CallResult) -> bool,
    /// Its token endpoint, below its base.
    pub(super) token: &'static str,
}

/// Why a self-hosted service was not found. The texts are for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProbeError {
    /// Not an address that can be used.
    #[error(
        "This is not a usable address: {0}. Paste the service's own, or one of its pages: https://git.example.com/…"
    )]
    NotAnAddress(AddressError),
    /// It is the service's own host.
    #[error("{host} needs no adding: connect {service} as it is.")]
    NotSelfHosted {
        /// The host.
        host: &'static str,
        /// Its display name.
        service: &'static str,
    },
    /// Nobody answered: the name is not known, the certificate not trusted, nobody there.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Whatever stands there has trouble.
    #[error("{host} has trouble right now (HTTP {status}). Try again later.")]
    Trouble {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// Something else answers.
    #[error("Something answers at {host}, but it is not {service}. Check the address, and its path.")]
    OtherProduct {
        /// The host.
        host: String,
        /// What was looked for.
        service: &'static str,
    },
    /// The app is not known there.
    #[error(
        "{host} does not accept the app's id and secret. Check both, and that the app is registered there."
    )]
    AppRefused {
        /// The host.
        host: String,
    },
    /// The token is not accepted there, or not tried to the end.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl ProbeError {
    /// What the IDE is told; `None` for wrong params.
    pub(crate) fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::NotAnAddress(_) | Self::NotSelfHosted { .. } => None,
            Self::Network(error) => Some(error.kind()),
            Self::Trouble { .. } => Some(ErrorKind::ServerUnreachable),
            Self::OtherProduct { .. } => Some(ErrorKind::UnknownProvider),
            Self::AppRefused { .. } => Some(ErrorKind::ExchangeRefused),
            Self::Call(error) => error.kind(),
        }
    }
}

impl SelfHosted {
    /// The API of the one at `base`.
    pub(crate) fn api(&self, base: &Url) -> String {
        format!("{base}{}", self.api)
    }

    /// Every base that a pasted address can have, the shortest first; each ends in `/`.
    ///
    /// # Errors
    /// [`ProbeError::NotAnAddress`], [`ProbeError::NotSelfHosted`].
    pub(crate) fn candidates(&self, pasted: &str, server: &ServerUrl) -> Result<Vec<Url>, ProbeError> {
        let url = host::address(pasted).map_err(ProbeError::NotAnAddress)?;
        // On this machine, only what is there for a server that is there, too.
        if is_loopback(&url) && !server.is_loopback() {
            return Err(ProbeError::NotAnAddress(AddressError::Internal));
        }
        if url.host_str() == Some(self.service.host) {
            return Err(ProbeError::NotSelfHosted {
                host: self.service.host,
                service: self.service.display_name,
            });
        }
        let segments = url.path_segments().into_iter().flatten();
        // After `-` come pages, and a page's own dots are no context path.
        let segments = segments.take_while(|segment| !segment.is_empty() && *segment != "-");
        let mut path = "/".to_owned();
        let mut bases = vec![at(&url, &path)];
        for segment in segments.take(MOST_SEGMENTS) {
            path.push_str(segment);
            path.push('/');
            bases.push(at(&url, &path));
        }
        Ok(bases)
    }
}

fn at(url: &Url, path: &str) -> Url {
    let mut base = url.clone();
    base.set_query(None);
    base.set_fragment(None);
    base.set_path(path);
    base
}

fn host_of(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

impl ThirdParty {
    /// Finds which of some bases the service is at.
    ///
    /// # Errors
    /// [`ProbeError`], but for those of credentials.
    pub(crate) async fn find(&self, of: &SelfHosted, candidates: &[Url]) -> Result<Url, ProbeError> {
        let mut trouble = None;
        for base in candidates {
            let url = Url::parse(&format!("{}{}", of.api(base), of.probe))
                .map_err(|_| ProbeError::NotAnAddress(AddressError::Malformed))?;
            let request = self.network.request(Method::GET, url)?;
            let answer = self.asked(request.header(ACCEPT, of.service.accept)).await?;
            if (of.is_it)(&answer) {
                return Ok(base.clone());
            }
            if answer.status >= 500 {
                trouble = Some(ProbeError::Trouble {
                    host: host_of(base),
                    status: answer.status,
                });
            }
        }
        Err(trouble.unwrap_or_else(|| ProbeError::OtherProduct {
            host: candidates.first().map(host_of).unwrap_or_default(),
            service: of.service.display_name,
        }))
    }

    /// Whether the service at `base` knows an app: it looks at the credentials before it looks at the code, which is none.
    ///
    /// # Errors
    /// [`ProbeError::AppRefused`], and when it was not decided.
    pub(crate) async fn knows_app(
        &self,
        of: &SelfHosted,
        base: &Url,
        client_id: &str,
        client_secret: &ClientSecret,
    ) -> Result<(), ProbeError> {
        let url = Url::parse(&format!("{base}{}", of.token))
            .map_err(|_| ProbeError::NotAnAddress(AddressError::Malformed))?;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("client_secret", client_secret.expose()),
            ("code", "0"),
        ];
        let request = self.network.request(Method::POST, url)?;
        let answer = self
            .asked(request.header(ACCEPT, "application/json").form(&form))
            .await?;
        // RFC 6749 §5.2, and what is written for it where that is not read.
        match answer.body.get("error").and_then(serde_json::Value::as_str) {
            Some("invalid_client" | "unauthorized_client" | "incorrect_client_credentials") => {
                Err(ProbeError::AppRefused { host: host_of(base) })
            }
            Some(_) => Ok(()),
            None if answer.status == 401 || answer.status == 404 => {
                Err(ProbeError::AppRefused { host: host_of(base) })
            }
            None => Err(ProbeError::Trouble {
                host: host_of(base),
                status: answer.status,
            }),
        }
    }

    async fn asked(&self, request: RequestBuilder) -> Result<CallResult, ProbeError> {
        let response = self.network.send(request.timeout(PATIENCE)).await?;
        Ok(Answer::read(response).await?.result())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;
    use crate::thirdparty::{self_hosted, service};

    fn server(text: &str) -> ServerUrl {
        text.parse().expect("an origin")
    }

    fn bases(pasted: &str) -> Result<Vec<String>, ProbeError> {
        let gitlab = self_hosted(service("gitlab").expect("gitlab")).expect("self-hosted, too");
        let bases = gitlab.candidates(pasted, &server("http://127.0.0.1:1"))?;
        Ok(bases.into_iter().map(String::from).collect())
    }

    #[test]
    fn a_pasted_page_has_its_base_among_the_candidates() {
        for (pasted, expected) in [
            ("git.example.com", &["https://git.example.com/"][..]),
            (" https://git.example.com/ ", &["https://git.example.com/"]),
            (
                "https://example.com:8443/git/group/app/-/merge_requests/3?x=1#note_2",
                &[
                    "https://example.com:8443/",
                    "https://example.com:8443/git/",
                    "https://example.com:8443/git/group/",
                    "https://example.com:8443/git/group/app/",
                ],
            ),
            (
                "localhost:3000/git",
                &["http://localhost:3000/", "http://localhost:3000/git/"],
            ),
        ] {
            assert_eq!(bases(pasted).expect(pasted), expected, "{pasted}");
        }
        assert_eq!(bases("https://e.com/1/2/3/4/5/6").expect("bases").len(), 5);
    }

    #[tokio::test]
    async fn a_certificate_that_is_not_trusted_is_told_with_its_issuer_and_the_setting() {
        let acceptor = fake::acceptor();
        let address = fake::listen(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                // The handshake fails at the other side.
                drop(acceptor.accept(stream).await);
            }
        })
        .await;
        let gitlab = self_hosted(service("gitlab").expect("gitlab")).expect("self-hosted, too");
        let candidates = gitlab
            .candidates(
                &format!("https://localhost:{}/git", address.port()),
                &server("http://127.0.0.1:1"),
            )
            .expect("an address");
        let error = ThirdParty::new(fake::network())
            .find(gitlab, &candidates)
            .await
            .expect_err("not trusted");
        assert_eq!(error.kind(), Some(ErrorKind::TlsUntrusted));
        let told = error.to_string();
        assert!(
            told.contains("issued by") && told.contains("`extraCerts`"),
            "{told}"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for pasted in [
            "",
            "not a host",
            "http://git.example.com",
            "ftp://git.example.com",
            "https://me:pw@git.example.com",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://a*b.example.com",
            "https://10.0.0.1:22",
            "https://169.254.169.254",
            "https://[fe80::1]",
        ] {
            assert!(
                matches!(bases(pasted), Err(ProbeError::NotAnAddress(_))),
                "{pasted}"
            );
        }
        assert!(matches!(
            bases("https://gitlab.com/group/app"),
            Err(ProbeError::NotSelfHosted { .. })
        ));
    }

    /// CWE-918: a team mate's host is no way to what listens on this machine.
    #[test]
    fn this_machine_is_for_a_server_on_it_alone() {
        let gitlab = self_hosted(service("gitlab").expect("gitlab")).expect("self-hosted, too");
        for pasted in [
            "localhost:9200",
            "https://localhost.",
            "https://127.1",
            "https://[::1]",
            "a.localhost",
        ] {
            let far = gitlab.candidates(pasted, &server("https://api.example.com"));
            assert!(matches!(far, Err(ProbeError::NotAnAddress(_))), "{pasted}");
            assert!(
                gitlab.candidates(pasted, &server("http://127.0.0.1:1")).is_ok(),
                "{pasted}"
            );
        }
        let own_network = gitlab.candidates("https://10.0.0.1", &server("https://api.example.com"));
        assert!(
            own_network.is_ok(),
            "a user's own network is a usual place for a host"
        );
    }
}
