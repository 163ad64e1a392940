//! Faults of routes, the API's and the imitated third parties': slow, refusing, or silent.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;

use super::Faults;
use crate::app::App;

/// What goes wrong at a path, until it is replaced or reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RouteFault {
    /// The request is handled this much later.
    delay_ms: u64,
    /// The request is handled, and the connection ends without an answer.
    lose_replies: LoseReplies,
    /// The answer, without the request being handled; 429 when only `retry_after_s` is set.
    status: Option<u16>,
    /// `Retry-After` of that answer.
    retry_after_s: Option<u32>,
}

/// How many; `true` is all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum LoseReplies {
    Whether(bool),
    Times(u32),
}

impl Default for LoseReplies {
    fn default() -> Self {
        Self::Whether(false)
    }
}

impl LoseReplies {
    fn take(&mut self) -> bool {
        match self {
            Self::Whether(whether) => *whether,
            Self::Times(0) => false,
            Self::Times(left) => {
                *left -= 1;
                true
            }
        }
    }
}

impl RouteFault {
    fn refusal(self) -> Option<Response> {
        let status = self.status.or(self.retry_after_s.map(|_| 429))?;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        Some(response)
    }
}

impl Faults {
    fn of(&self, path: &str) -> Option<RouteFault> {
        let mut routes = self.routes();
        let covers = |fault: &str| {
            path.strip_prefix(fault)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || fault.ends_with('/'))
        };
        // The longest path is the most particular one.
        let found = routes.iter_mut().filter(|(fault, _)| covers(fault));
        let (_, fault) = found.max_by_key(|(path, _)| path.len())?;
        let mut now = *fault;
        now.lose_replies = LoseReplies::Whether(fault.lose_replies.take());
        Some(now)
    }
}

/// Puts the route faults around `router`; without a sandbox there are none.
pub(crate) fn around<S>(router: Router<S>, app: &App) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    match app.sandbox {
        Some(_) => router.layer(from_fn_with_state(app.faults.clone(), fail)),
        None => router,
    }
}

async fn fail(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    let Some(fault) = faults.of(request.uri().path()) else {
        return next.run(request).await;
    };
    // Real time: a moved clock must not make a slow server fast.
    tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    if let Some(refusal) = fault.refusal() {
        return refusal;
    }
    let response = next.run(request).await;
    if fault.lose_replies == LoseReplies::Whether(true) {
        return lost();
    }
    response
}

/// Breaks the connection off: the body fails before the head is flushed.
fn lost() -> Response {
    let broken: Result<Bytes, std::io::Error> = Err(std::io::ErrorKind::ConnectionReset.into());
    Body::from_stream(stream::iter([broken])).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    fn faults(path: &str, fault: serde_json::Value) -> Faults {
        let faults = Faults::default();
        faults.set_route(path.to_owned(), serde_json::from_value(fault).expect("a fault"));
        faults
    }

    #[test]
    fn a_fault_covers_its_path_and_what_is_below() {
        let faults = faults("/a/b", json!({"status": 503}));
        for (path, covered) in [("/a/b", true), ("/a/b/c", true), ("/a/bc", false), ("/a", false)] {
            assert_eq!(faults.of(path).is_some(), covered, "{path}");
        }
    }

    #[test]
    fn as_many_replies_are_lost_as_were_asked_for() {
        let some = faults("/a", json!({"loseReplies": 2}));
        let lost = |faults: &Faults| faults.of("/a").map(|fault| fault.lose_replies);
        let times = [(); 3].map(|()| lost(&some));
        let is = |whether| Some(LoseReplies::Whether(whether));
        assert_eq!(times, [is(true), is(true), is(false)]);
        let all = faults("/a", json!({"loseReplies": true}));
        assert_eq!([lost(&all), lost(&all)], [is(true), is(true)]);
    }

    #[test]
    fn a_wish_to_be_asked_later_is_a_429() {
        let fault: RouteFault = serde_json::from_value(json!({"retryAfterS": 7})).expect("a fault");
        let response = fault.refusal().expect("an answer");
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "7");
    }

    #[tokio::test]
    async fn a_lost_reply_is_a_connection_that_ends_without_a_byte() {
        let faults = faults("/", json!({"loseReplies": true}));
        let router = Router::new()
            .fallback(|| async { "never seen" })
            .layer(from_fn_with_state(faults, fail));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let tasks = tokio_util::task::TaskTracker::new();
        tasks.spawn(async move { axum::serve(listener, router).await });
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream
            .write_all(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .expect("written");
        let mut answer = Vec::new();
        // Either a clean end or a reset; never an answer.
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(String::from_utf8_lossy(&answer), "");
    }
}
