//! One connection, from its acceptance to its end or its upgrade.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Site;
use super::reserve::Admitted;
use super::service::Requests;
use super::stream::{Shared, Stream};
use super::timers::{Deadline, Progress};
use crate::config::Times;

/// Most bytes of a request's head, as nginx has it (`large_client_header_buffers`), and of what is buffered at once of a
/// body or a response. Not more than 100 headers, which is hyper's own limit.
const HEAD: usize = 32 * 1024;
/// How long a client that is served from the reserve may take for its head.
const RESERVED_HEAD: Duration = Duration::from_secs(2);
/// How long a connection that waits for a request, or is in the midst of a head, lasts once the server stops.
const LAST_REQUEST: Duration = Duration::from_secs(1);

pub(super) async fn run(
    stream: TcpStream,
    peer: SocketAddr,
    admitted: Admitted,
    site: Arc<Site>,
    stop: CancellationToken,
) {
    let mut times = site.times;
    if admitted.is_reserved() {
        times.head = times.head.min(RESERVED_HEAD);
    }
    let evicted = admitted.evicted();
    let shared = Arc::new(Shared::new(
        Progress::new(times, Instant::now()),
        site.gate.charge(Some(peer.ip())),
    ));
    let requests = Requests {
        reserved: admitted.is_reserved(),
        times,
        peer,
        shared: shared.clone(),
        site: site.clone(),
    };
    let stream = Stream::new(stream, shared.clone(), admitted);
    serve(stream, requests, times, &shared, &stop, &evicted, &site).await;
}

async fn serve(
    stream: Stream,
    requests: Requests,
    times: Times,
    shared: &Shared,
    stop: &CancellationToken,
    evicted: &CancellationToken,
    site: &Site,
) {
    let reserved = requests.reserved;
    let requests = Arc::new(requests);
    let service = service_fn(move |request| {
        let requests = requests.clone();
        async move { Ok::<_, Infallible>(requests.answer(request).await) }
    });
    let mut builder = http1::Builder::new();
    builder
        .max_header_size(HEAD)
        .max_buf_size(HEAD)
        .keep_alive(!reserved)
        // hyper counts the time between two requests as part of the next head; ours are apart.
        .header_read_timeout(None);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection.with_upgrades());
    let mut deadline = Deadline::new(Instant::now() + times.head);
    let mut stopped = false;
    loop {
        tokio::select! {
            // The deadline is read after the connection has made what progress it can, in the same task: nothing need wake
            // it when it comes nearer.
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke off");
                }
                return;
            }
            missed = poll_fn(|cx| deadline.poll(&shared.progress, cx)) => {
                site.gate.counts().timed_out(missed);
                return;
            }
            () = stop.cancelled(), if !stopped => {
                stopped = true;
                shared.progress.stop(Instant::now() + LAST_REQUEST);
                connection.as_mut().graceful_shutdown();
            }
            () = evicted.cancelled() => return,
        }
    }
}
