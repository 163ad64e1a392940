//! Requests of one connection: what is refused before the routes see it, and what the routes are given.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};

use axum::body::{Body, HttpBody as _};
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use tower::ServiceExt as _;

use super::Site;
use super::body::{Answer, Ending, Received, Refusal, Wait};
use super::stream::Shared;
use super::timers::Timer;
use crate::config::Times;

/// When to come back, in seconds: by then the slowest heads are closed.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("10");

const CLOSE: HeaderValue = HeaderValue::from_static("close");

pub(super) struct Requests {
    /// Whether the connection is one of the reserve's.
    pub(super) reserved: bool,
    pub(super) times: Times,
    pub(super) peer: SocketAddr,
    pub(super) shared: Arc<Shared>,
    pub(super) site: Arc<Site>,
}

impl Requests {
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Answer> {
        self.shared.request_began();
        let ending = Ending(self.shared.clone());
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(ConnectInfo(self.peer));
        let always = self.site.always == Some(parts.uri.path());
        if self.reserved && !always {
            return busy().map(|body| Answer::new(body, ending, None));
        }
        let gate = &self.site.gate;
        let client = (self.site.client)(&parts);
        let place = match gate.forwarded(self.peer.ip(), client) {
            Ok(place) => place,
            Err(_) if always => None,
            Err(_) => return busy().map(|body| Answer::new(body, ending, None)),
        };
        let refusal = Arc::new(OnceLock::new());
        let charge = Arc::new(Mutex::new(gate.charge(client)));
        let body = if body.is_end_stream() {
            Body::empty()
        } else {
            Body::new(Received {
                inner: body,
                times: self.times,
                wait: Wait::default(),
                charge: charge.clone(),
                uncounted: self.site.kept,
                refusal: refusal.clone(),
            })
        };
        let routed = self.site.router.clone().oneshot(Request::from_parts(parts, body));
        let response = match routed.await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        drop(charge);
        let mut response = match refusal.get() {
            None => response,
            Some(Refusal::Full) => busy(),
            Some(Refusal::Slow) => {
                gate.counts().timed_out(Timer::Body);
                slow()
            }
        };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.shared.keep(place);
            return response.map(|body| Answer::new(body, ending, None));
        }
        if self.site.draining.is_cancelled() {
            // RFC 9112 9.6.
            response.headers_mut().insert(header::CONNECTION, CLOSE);
        }
        response.map(|body| Answer::new(body, ending, place))
    }
}

/// RFC 9110 15.6.4.
fn busy() -> Response<Body> {
    let headers = [(header::RETRY_AFTER, RETRY_AFTER), (header::CONNECTION, CLOSE)];
    let text = "The server is busy. Try again in a few seconds.\n";
    (StatusCode::SERVICE_UNAVAILABLE, headers, text).into_response()
}

/// RFC 9110 15.5.9.
fn slow() -> Response<Body> {
    let headers = [(header::CONNECTION, CLOSE)];
    let text = "The request's body did not arrive in time. Send it again.\n";
    (StatusCode::REQUEST_TIMEOUT, headers, text).into_response()
}
