use std::future::poll_fn;
use std::time::Duration;

use super::*;

/// The timer that ends `progress`, and after how long.
async fn end(progress: &Progress, since: Instant) -> (Timer, Duration) {
    let mut deadline = Deadline::new(Instant::now() + Duration::from_hours(1));
    let timer = poll_fn(|cx| deadline.poll(progress, cx)).await;
    (timer, since.elapsed())
}

fn progress() -> (Progress, Instant) {
    let now = Instant::now();
    (Progress::new(Times::default(), now), now)
}

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

const SECOND: Duration = Duration::from_secs(1);

/// CWE-400 (slow heads): bytes that trickle in move no deadline.
#[tokio::test(start_paused = true)]
async fn a_head_has_ten_seconds_however_its_bytes_come() {
    let (progress, start) = progress();
    for _ in 0..4 {
        pass(2).await;
        assert!(progress.received(Instant::now()), "bytes of a head");
    }
    assert_eq!(end(&progress, start).await, (Timer::Head, 10 * SECOND));
}

/// RFC 9112 9.5: an idle connection is closed in time, and the next head has a time of its own.
#[tokio::test(start_paused = true)]
async fn a_connection_between_two_requests_has_seventy_five_seconds() {
    let (progress, start) = progress();
    progress.request_began();
    assert!(!progress.received(Instant::now()), "bytes of a body");
    pass(25).await;
    progress.request_ended(Instant::now());
    assert_eq!(end(&progress, start).await, (Timer::KeepAlive, 100 * SECOND));
    progress.received(Instant::now());
    assert_eq!(end(&progress, start).await, (Timer::Head, 110 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_worked_on_has_no_deadline_here() {
    let (progress, _) = progress();
    progress.request_began();
    let held = tokio::time::timeout(3600 * SECOND, end(&progress, Instant::now()));
    assert!(held.await.is_err(), "a long poll is held");
}

/// CWE-400 (slow readers).
#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_or_little_is_given_up() {
    let (progress, start) = progress();
    progress.request_began();
    progress.write_blocked(Instant::now());
    assert_eq!(end(&progress, start).await, (Timer::Write, 10 * SECOND));
    progress.flushed();
    let start = Instant::now();
    progress.write_blocked(start);
    for _ in 0..11 {
        pass(5).await;
        progress.wrote(Instant::now());
        progress.write_blocked(Instant::now());
    }
    assert_eq!(end(&progress, start).await, (Timer::Write, 60 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn whoever_has_sent_no_request_goes_soon_when_the_server_stops() {
    let (progress, start) = progress();
    progress.stop(start + SECOND);
    assert_eq!(end(&progress, start).await, (Timer::Head, SECOND));
}
