//! Bodies: a request's, with its deadlines and its bytes counted, and a response's, whose end is told.

use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use super::gate::Place;
use super::gate::{Charge, Limit};
use super::stream::Shared;
use crate::config::Times;

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the body did not arrive in time")]
    Slow,
    #[error("too many bytes of requests are held")]
    Full(Limit),
    #[error("the connection broke off: {0}")]
    Broken(#[from] hyper::Error),
}

/// Why the request is refused, whatever the routes make of a body that ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Slow,
    Full,
}

/// A request's body as it arrives.
pub(super) struct Received {
    pub(super) inner: Incoming,
    pub(super) times: Times,
    pub(super) wait: Wait,
    pub(super) charge: Arc<Mutex<Charge>>,
    /// Bytes that may still be counted.
    pub(super) uncounted: usize,
    pub(super) refusal: Arc<OnceLock<Refusal>>,
}

/// Since when is waited, and until when.
#[derive(Default)]
pub(super) struct Wait {
    since: Option<Instant>,
    moved: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Wait {
    /// Something has come.
    fn moved(&mut self) {
        self.moved = Some(Instant::now());
    }

    fn poll(&mut self, times: &Times, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        let moved = *self.moved.get_or_insert(now);
        let at = (moved + times.body_idle).min(since + times.body);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        sleep.as_mut().poll(cx)
    }
}

impl Received {
    fn refuse(&self, refusal: Refusal) {
        // The first reason counts.
        let _ = self.refusal.set(refusal);
    }

    fn count(&mut self, length: usize) -> Result<(), Fault> {
        let counted = length.min(self.uncounted);
        self.uncounted -= counted;
        let mut charge = self.charge.lock().unwrap_or_else(PoisonError::into_inner);
        let added = charge.add(counted);
        drop(charge);
        added.map_err(|limit| {
            self.refuse(Refusal::Full);
            Fault::Full(limit)
        })
    }
}

impl http_body::Body for Received {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) else {
            ready!(this.wait.poll(&this.times, cx));
            this.refuse(Refusal::Slow);
            return Poll::Ready(Some(Err(Fault::Slow)));
        };
        this.wait.moved();
        let Some(frame) = frame.transpose()? else {
            return Poll::Ready(None);
        };
        if let Some(data) = frame.data_ref() {
            let length = data.len();
            this.count(length)?;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A response's body: the request has ended when it is dropped.
pub(super) struct Answer {
    body: Body,
    _ending: Ending,
    _place: Option<Place>,
}

impl Answer {
    pub(super) fn new(body: Body, ending: Ending, place: Option<Place>) -> Self {
        Self {
            body,
            _ending: ending,
            _place: place,
        }
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Tells that a request has ended, when it is dropped.
pub(super) struct Ending(pub(super) Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.progress.request_ended(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    /// CWE-400 (slow bodies): a part now and then does not keep a request going.
    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_in_has_a_minute_and_a_silent_one_ten_seconds() {
        let (times, start) = (Times::default(), Instant::now());
        let mut wait = Wait::default();
        poll_fn(|cx| wait.poll(&times, cx)).await;
        assert_eq!(start.elapsed(), times.body_idle);
        let (mut wait, start) = (Wait::default(), Instant::now());
        let part = Duration::from_secs(7);
        while tokio::time::timeout(part, poll_fn(|cx| wait.poll(&times, cx)))
            .await
            .is_err()
        {
            wait.moved();
        }
        assert_eq!(start.elapsed(), times.body);
    }
}
