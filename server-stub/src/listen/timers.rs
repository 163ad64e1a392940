//! Where a connection stands, and until when it may stand there.

use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::config::Times;

/// Which time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Timer {
    /// For a request's head.
    Head,
    /// For a request's body.
    Body,
    /// Between two requests.
    KeepAlive,
    /// For taking a response.
    Write,
}

/// What has happened on a connection.
#[derive(Debug)]
pub(super) struct Progress(Mutex<Moments>);

#[derive(Debug)]
struct Moments {
    times: Times,
    reading: Reading,
    writing: Option<Writing>,
    /// When whoever has not sent a whole request is to go, since the server stops.
    stop: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
enum Reading {
    /// A head has begun, or is expected since the connection was opened.
    Head(Instant),
    /// A request is being read, worked on or answered. Its body has deadlines of its own.
    Request,
    /// The last request was answered.
    Idle(Instant),
}

/// The peer takes less than there is.
#[derive(Debug, Clone, Copy)]
struct Writing {
    since: Instant,
    moved: Instant,
}

impl Progress {
    pub(super) fn new(times: Times, now: Instant) -> Self {
        Self(Mutex::new(Moments {
            times,
            reading: Reading::Head(now),
            writing: None,
            stop: None,
        }))
    }

    fn moments(&self) -> MutexGuard<'_, Moments> {
        // Every change is one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes have come; `true`: of a head.
    pub(super) fn received(&self, now: Instant) -> bool {
        let mut moments = self.moments();
        if let Reading::Idle(_) = moments.reading {
            moments.reading = Reading::Head(now);
        }
        matches!(moments.reading, Reading::Head(_))
    }

    /// A head is complete.
    pub(super) fn request_began(&self) {
        self.moments().reading = Reading::Request;
    }

    /// The response has been handed over.
    pub(super) fn request_ended(&self, now: Instant) {
        self.moments().reading = Reading::Idle(now);
    }

    /// The peer takes nothing at the moment.
    pub(super) fn write_blocked(&self, now: Instant) {
        self.moments().writing.get_or_insert(Writing {
            since: now,
            moved: now,
        });
    }

    /// The peer has taken something.
    pub(super) fn wrote(&self, now: Instant) {
        if let Some(writing) = &mut self.moments().writing {
            writing.moved = now;
        }
    }

    /// The peer has taken all there was.
    pub(super) fn flushed(&self) {
        self.moments().writing = None;
    }

    /// The server stops; without a request the connection ends at `at`.
    pub(super) fn stop(&self, at: Instant) {
        self.moments().stop = Some(at);
    }

    fn next(&self) -> Option<(Instant, Timer)> {
        let moments = self.moments();
        let times = &moments.times;
        let reading = match moments.reading {
            Reading::Head(since) => Some((since + times.head, Timer::Head)),
            Reading::Idle(since) => Some((since + times.keep_alive, Timer::KeepAlive)),
            Reading::Request => None,
        };
        let reading = reading.map(|(at, timer)| (moments.stop.map_or(at, |stop| stop.min(at)), timer));
        let writing = moments.writing.map(|writing| {
            let at = (writing.moved + times.write_idle).min(writing.since + times.write);
            (at, Timer::Write)
        });
        [reading, writing].into_iter().flatten().min_by_key(|(at, _)| *at)
    }
}

/// Ends when the time of a connection is over.
pub(super) struct Deadline(Pin<Box<Sleep>>);

impl Deadline {
    pub(super) fn new(first: Instant) -> Self {
        Self(Box::pin(sleep_until(first)))
    }

    /// To be called after every step of the connection. Only a deadline that has come nearer moves the sleep: one that has
    /// moved on is found when the sleep ends.
    pub(super) fn poll(&mut self, progress: &Progress, cx: &mut Context<'_>) -> Poll<Timer> {
        loop {
            let Some((at, timer)) = progress.next() else {
                return Poll::Pending;
            };
            if at <= Instant::now() {
                return Poll::Ready(timer);
            }
            if self.0.is_elapsed() || self.0.deadline() > at {
                self.0.as_mut().reset(at);
            }
            ready!(self.0.as_mut().poll(cx));
        }
    }
}

#[cfg(test)]
mod tests;
