//! Calls to third parties: bounded in time and size, decoded, and never logged.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;

/// Most bytes of a third party's answer that are read.
const BODY_LIMIT: usize = 1024 * 1024;
/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Some third parties refuse a call without one.
const USER_AGENT: &str = concat!("codestream-server-stub/", env!("CARGO_PKG_VERSION"));

/// Why a call gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The service answered, and said no.
    #[error("the service answered with status {0}")]
    Refused(u16),
    /// No answer: not reachable, too slow, or broken off.
    #[error("the service could not be reached: {0}")]
    Transport(&'static str),
    /// An answer that is not what the service documents.
    #[error("the service's answer could not be read: {0}")]
    Decoding(&'static str),
}

/// An answer's status and body, whatever they say.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The service's own clock when it answered (RFC 9110 §6.6.1), in Unix seconds.
    pub(crate) sent_at: Option<i64>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The JSON of a 2xx answer.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        if !(200..300).contains(&self.status) {
            return Err(CallError::Refused(self.status));
        }
        // serde_json's own message may quote the body, which may hold a token.
        serde_json::from_slice(&self.body).map_err(|_| CallError::Decoding("not the JSON it documents"))
    }
}

/// Sends a request and reads its answer to the end.
pub(crate) async fn send(request: RequestBuilder) -> Result<Reply, CallError> {
    let mut response = request
        .header("User-Agent", USER_AGENT)
        .timeout(TIMEOUT)
        .send()
        .await
        .map_err(|error| CallError::Transport(cause(&error)))?;
    let status = response.status().as_u16();
    let sent_at = response
        .headers()
        .get("date")
        .and_then(|date| seconds(date.to_str().ok()?));
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| CallError::Transport(cause(&error)))?
    {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(CallError::Decoding("larger than 1 MiB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply {
        status,
        sent_at,
        body,
    })
}

fn seconds(date: &str) -> Option<i64> {
    let at = httpdate::parse_http_date(date).ok()?;
    let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

/// In words of ours: reqwest's own may quote a URL with its query.
fn cause(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    }
}
