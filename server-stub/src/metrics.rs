//! What is counted, in Prometheus's text format, on a listener of its own.
//!
//! Labels are names that this server gives: routes by their patterns, methods and statuses. No user, no token, no address.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use codestream_protocol::UnixMillis;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use crate::app::App;
use crate::listen;

/// Every metric of one node.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Asked, Histogram>,
    deliveries: Counter,
    missed: Counter,
    connections: Gauge,
    draining: Gauge,
    /// Of the listeners.
    pub(crate) listeners: listen::Counts,
    limits_hit: Family<Limit, Counter>,
    told: Mutex<BTreeMap<&'static str, UnixMillis>>,
    store_writable: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Limit {
    limit: &'static str,
}

/// A limit that is hit all the time is logged this often.
const LIMITS_TOLD_EVERY: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

impl Metrics {
    /// Nothing counted yet.
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("codestream"),
            requests: Family::default(),
            // 1 ms to 32 s: a long poll is held for 25 s.
            durations: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 2.0, 16))),
            deliveries: Counter::default(),
            missed: Counter::default(),
            connections: Gauge::default(),
            draining: Gauge::default(),
            listeners: listen::Counts::default(),
            limits_hit: Family::default(),
            told: Mutex::default(),
            store_writable: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("requests", "Requests answered", metrics.requests.clone());
        registry.register(
            "request_duration_seconds",
            "Time from a request to the head of its answer",
            metrics.durations.clone(),
        );
        registry.register(
            "channel_deliveries",
            "Messages delivered to the me-channel connections of this node",
            metrics.deliveries.clone(),
        );
        registry.register(
            "channel_missed",
            "Times that this node may have missed what others committed",
            metrics.missed.clone(),
        );
        registry.register(
            "channel_connections",
            "Open me-channel connections",
            metrics.connections.clone(),
        );
        registry.register(
            "limits_hit",
            "Requests refused by a limit or quota",
            metrics.limits_hit.clone(),
        );
        registry.register(
            "draining",
            "1 once this node was told to stop",
            metrics.draining.clone(),
        );
        metrics.listeners.register(registry);
        registry.register(
            "store_writable",
            "1 while the store takes writes",
            metrics.store_writable.clone(),
        );
        metrics
    }

    /// A request has come in.
    pub(crate) fn request(&self, method: &Method, route: &str) -> Timed {
        Timed {
            asked: Asked {
                method: name(method),
                route: route.to_owned(),
            },
            since: Instant::now(),
            requests: self.requests.clone(),
            durations: self.durations.clone(),
        }
    }

    /// A message was delivered.
    pub(crate) fn delivered(&self) {
        self.deliveries.inc();
    }

    /// Something may have been missed.
    pub(crate) fn missed(&self) {
        self.missed.inc();
    }

    /// A limit or quota has refused something. Counted every time, logged now and then: a log that grows with an attack
    /// fills the disk too.
    pub(crate) fn limit_hit(&self, limit: &'static str, now: UnixMillis) {
        self.limits_hit.get_or_create(&Limit { limit }).inc();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let again = told.get(limit).copied();
        if again.is_none_or(|again| now >= again) {
            told.insert(limit, now + LIMITS_TOLD_EVERY);
            tracing::warn!(
                limit,
                "a limit was hit; it is counted in codestream_limits_hit_total"
            );
        }
    }

    fn text(&self, app: &App) -> Result<String, std::fmt::Error> {
        self.connections
            .set(i64::try_from(app.channel.len()).unwrap_or(i64::MAX));
        self.draining.set(i64::from(app.lifecycle.is_draining()));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// A request under way.
pub(crate) struct Timed {
    asked: Asked,
    since: Instant,
    requests: Family<Answered, Counter>,
    durations: Family<Asked, Histogram>,
}

impl Timed {
    /// It is answered.
    pub(crate) fn answered(self, status: StatusCode) {
        let time = self.since.elapsed().as_secs_f64();
        self.durations.get_or_create(&self.asked).observe(time);
        let answered = Answered {
            method: self.asked.method,
            route: self.asked.route,
            status: status.as_u16(),
        };
        self.requests.get_or_create(&answered).inc();
    }
}

/// A client may make up methods; they are counted as one.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// This room's one route, for its own listener.
pub(crate) fn routes(app: &Arc<App>) -> Router {
    Router::new().route("/metrics", get(show)).with_state(app.clone())
}

async fn show(State(app): State<Arc<App>>) -> Response {
    let writable = app.store.probe().await.is_ok();
    app.metrics.store_writable.set(i64::from(writable));
    match app.metrics.text(&app) {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
