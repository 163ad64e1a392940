//! One call to a third party: what may be asked, what is sent, what comes back, each within its bounds.

use std::collections::BTreeMap;
use std::time::Duration;

use codestream_protocol::http::ProviderInfo;
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::{CallParams, CallRefusal, CallResult, Called, Person};
use codestream_protocol::secret::AccessToken;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, SET_COOKIE};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::net::{Network, NetworkError};
use crate::thirdparty::refusal::Refusal;
use crate::thirdparty::{ApiBase, BaseError, Service};

/// Bound of either body in bytes.
pub(crate) const BODY_LIMIT: usize = 8 * 1024 * 1024;
/// Time for a whole call.
const LONGEST: Duration = Duration::from_mins(1);
const USUAL: Duration = Duration::from_secs(30);
/// Redirects within the base that are followed.
const REDIRECTS: usize = 5;

/// What a caller may not set: credentials are ours, the rest belongs to the connection (RFC 9110 §7.6.1).
const FORBIDDEN: &[&str] = &[
    "api-key",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "keep-alive",
    "private-token",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-access-token",
    "x-api-key",
    "x-id-token",
];

/// A call without an answer. The texts are for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The params are wrong; JSON-RPC -32602.
    #[error("{0}")]
    Params(String),
    /// The address is not one that a token may be sent to.
    #[error(transparent)]
    Base(BaseError),
    /// There is nothing to present.
    #[error("This account has no usable token. Connect it again.")]
    NoToken,
    /// Nobody answered.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A body over its bound.
    #[error("The body is larger than 8 MiB.")]
    TooLarge,
    /// The service refused to say who this is.
    #[error("{message}")]
    Refused {
        /// What it means.
        kind: ErrorKind,
        /// For a person.
        message: String,
        /// Where a person can mend it.
        link: Option<String>,
    },
    /// The service's answer is not of its own shape.
    #[error("{service} did not answer as expected. Try again.")]
    Decode {
        /// Its display name.
        service: &'static str,
    },
}

impl From<BaseError> for CallError {
    fn from(error: BaseError) -> Self {
        match error {
            BaseError::NotABase | BaseError::Untrusted => Self::Base(error),
            BaseError::Absolute | BaseError::Outside | BaseError::Character => {
                Self::Params(error.to_string())
            }
        }
    }
}

impl CallError {
    /// Whether the service does not accept the token.
    pub fn is_unauthorized(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                kind: ErrorKind::TokenRevoked,
                ..
            }
        )
    }

    /// What the IDE is told; `None` for wrong params.
    pub fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Params(_) => None,
            Self::Base(_) => Some(ErrorKind::Forbidden),
            Self::NoToken => Some(ErrorKind::TokenRevoked),
            Self::Network(error) => Some(error.kind()),
            Self::TooLarge => Some(ErrorKind::TooLarge),
            Self::Refused { kind, .. } => Some(*kind),
            Self::Decode { .. } => Some(ErrorKind::Internal),
        }
    }
}

/// The account's token.
pub(super) fn token(account: &ProviderInfo) -> Result<&AccessToken, CallError> {
    account.access_token.as_ref().ok_or(CallError::NoToken)
}

/// The way to the third parties. Cloning is cheap.
#[derive(Clone)]
pub struct ThirdParty {
    pub(super) network: Network,
}

impl ThirdParty {
    /// Calls through `network`.
    pub fn new(network: Network) -> Self {
        Self { network }
    }

    /// `codestream/provider/request`: 4xx and 5xx are answers.
    ///
    /// # Errors
    /// [`CallError`], but not [`CallError::Refused`].
    pub async fn request(
        &self,
        service: &Service,
        base: &ApiBase,
        account: &ProviderInfo,
        params: &CallParams,
    ) -> Result<Called, CallError> {
        let call = Call::checked(service, base, account, params)?;
        let wait = params
            .timeout_ms
            .map_or(USUAL, Duration::from_millis)
            .min(LONGEST);
        let answer = self.perform(service, base, call, wait).await?.result();
        let refusal = Refusal::of(service, &answer).map(Refusal::shown);
        let refusal = refusal.map(|Refusal { kind, message, link }| CallRefusal { kind, message, link });
        Ok(Called { answer, refusal })
    }

    /// `codestream/provider/me`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn me(
        &self,
        service: &Service,
        base: &ApiBase,
        account: &ProviderInfo,
    ) -> Result<Person, CallError> {
        let me = (service.me)(account);
        let base = base.of_people(service, me.base);
        let params = CallParams {
            provider_id: service.provider_id.to_owned(),
            provider_team_id: None,
            method: me.method.to_owned(),
            path: me.path.to_owned(),
            query: None,
            headers: None,
            body: me.body.and_then(|body| serde_json::from_str(body).ok()),
            timeout_ms: None,
        };
        let call = Call::checked(service, &base, account, &params)?;
        let answer = self.perform(service, &base, call, USUAL).await?.result();
        if let Some(Refusal { kind, message, link }) = Refusal::of(service, &answer).map(Refusal::shown) {
            return Err(CallError::Refused { kind, message, link });
        }
        let person = (service.person)(&answer.body).map(Person::shown);
        person.ok_or(CallError::Decode {
            service: service.display_name,
        })
    }

    /// As [`me`](Self::me), with a token that somebody has just typed: there is nothing yet that could be connected again.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn try_token(
        &self,
        service: &Service,
        base: &ApiBase,
        account: &ProviderInfo,
    ) -> Result<Person, CallError> {
        let tried = self.me(service, base, account).await;
        tried.map_err(|error| match error {
            CallError::Refused { kind, link, .. } if kind == ErrorKind::TokenRevoked => CallError::Refused {
                kind,
                message: format!(
                    "{} refused this token. Check that it was copied whole and has not expired, or make a new one.",
                    service.display_name
                ),
                link,
            },
            error => error,
        })
    }

    async fn perform(
        &self,
        service: &Service,
        base: &ApiBase,
        mut call: Call,
        wait: Duration,
    ) -> Result<Answer, CallError> {
        let began = Instant::now();
        let deadline = began + wait;
        let late = |_| NetworkError::Timeout {
            host: base.url().host_str().unwrap_or_default().to_owned(),
        };
        for _ in 0..REDIRECTS {
            let mut request = self
                .network
                .request(call.method.clone(), call.url.clone())?
                .headers(call.headers.clone());
            if let Some(body) = call.body.clone() {
                request = request.body(body);
            }
            let response = timeout_at(deadline, self.network.send(request))
                .await
                .map_err(late)??;
            if let Some(next) = call.redirected(base, &response) {
                call = next;
                continue;
            }
            let answer = timeout_at(deadline, Answer::read(response))
                .await
                .map_err(late)??;
            tracing::debug!(
                service = service.name,
                method = call.method.as_str(),
                status = answer.status.as_u16(),
                took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
                "third party answered"
            );
            return Ok(answer);
        }
        Err(CallError::Decode {
            service: service.display_name,
        })
    }
}

/// What is sent.
struct Call {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
}

impl Call {
    fn checked(
        service: &Service,
        base: &ApiBase,
        account: &ProviderInfo,
        params: &CallParams,
    ) -> Result<Self, CallError> {
        let method = method(&params.method)?;
        let mut url = base.join(&params.path)?;
        if let Some(query) = params.query.as_ref().filter(|query| !query.is_empty()) {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(service.accept));
        let body = match &params.body {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone().into_bytes()),
            Some(json) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Some(json.to_string().into_bytes())
            }
        };
        if body.as_ref().is_some_and(|body| body.len() > BODY_LIMIT) {
            return Err(CallError::TooLarge);
        }
        for (name, value) in params.headers.iter().flatten() {
            let (name, value) = header(name, value)?;
            headers.insert(name, value);
        }
        let (name, mut value) = (service.present)(account)?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Ok(Self {
            method,
            url,
            headers,
            body,
        })
    }

    /// The next call, when the answer redirects within the base and repeating the call is what it asks for (RFC 9110 §15.4).
    fn redirected(&self, base: &ApiBase, response: &Response) -> Option<Self> {
        let location = response.headers().get(LOCATION)?.to_str().ok()?;
        let url = self.url.join(location).ok().filter(|url| base.covers(url))?;
        let safe = matches!(self.method, Method::GET | Method::HEAD);
        let (method, body) = match response.status() {
            StatusCode::SEE_OTHER if !safe => (Method::GET, None),
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if !safe => return None,
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => (self.method.clone(), self.body.clone()),
            _ => return None,
        };
        let mut headers = self.headers.clone();
        if body.is_none() {
            headers.remove(CONTENT_TYPE);
        }
        Some(Self {
            method,
            url,
            headers,
            body,
        })
    }
}

fn method(text: &str) -> Result<Method, CallError> {
    match text.to_ascii_uppercase().as_str() {
        "GET" => Ok(Method::GET),
        "HEAD" => Ok(Method::HEAD),
        "POST" => Ok(Method::POST),
        "PUT" => Ok(Method::PUT),
        "PATCH" => Ok(Method::PATCH),
        "DELETE" => Ok(Method::DELETE),
        _ => Err(CallError::Params(
            "`method` must be GET, HEAD, POST, PUT, PATCH or DELETE.".to_owned(),
        )),
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), CallError> {
    let wrong = |what: &str| CallError::Params(format!("`headers`: {what}."));
    let name =
        HeaderName::try_from(name).map_err(|_| wrong("one of the names is not the name of a header"))?;
    if FORBIDDEN.contains(&name.as_str()) || name.as_str().starts_with("proxy-") {
        return Err(wrong(&format!("`{name}` may not be set")));
    }
    let value =
        HeaderValue::try_from(value).map_err(|_| wrong(&format!("the value of `{name}` is not one")))?;
    Ok((name, value))
}

/// What came back.
pub(super) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    pub(super) async fn read(mut response: Response) -> Result<Self, CallError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| NetworkError::of(&error))? {
            if body.len() + chunk.len() > BODY_LIMIT {
                return Err(CallError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }

    pub(super) fn result(self) -> CallResult {
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &self.headers {
            // A cookie of the third party is a credential.
            if name == SET_COOKIE {
                continue;
            }
            let value = String::from_utf8_lossy(value.as_bytes());
            headers
                .entry(name.as_str().to_owned())
                .and_modify(|all| {
                    all.push_str(", ");
                    all.push_str(&value);
                })
                .or_insert_with(|| value.into_owned());
        }
        let body = match serde_json::from_slice(&self.body) {
            Ok(json) => json,
            Err(_) => Value::String(String::from_utf8_lossy(&self.body).into_owned()),
        };
        CallResult {
            status: self.status.as_u16(),
            headers,
            body,
        }
    }
}

#[cfg(test)]
mod tests;
