//! The loop that accepts.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::reserve::Reserves;
use super::{Site, connection};

/// After a failure of the system, such as no free descriptor. The connection stays in the backlog meanwhile.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts until `stopping` ends, then waits for the requests in flight. Idle connections are closed, and the last response
/// of every other one says `Connection: close` (RFC 9112 9.6).
pub(crate) async fn serve(
    listener: TcpListener,
    site: Site,
    stopping: impl Future<Output = ()>,
) -> io::Result<()> {
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let reserves = Reserves::new(site.gate.bounds().reserve);
    let site = Arc::new(site);
    tokio::pin!(stopping);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopping => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Small frames follow each other: without this the second waits for the peer's delayed acknowledgement,
                // 40 ms.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection cannot be made prompt");
                }
                let admitted = reserves.admit(&site.gate, peer.ip());
                tasks.spawn(connection::run(
                    stream,
                    peer,
                    admitted,
                    site.clone(),
                    stop.clone(),
                ));
                reserves.settled().await;
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                site.gate.counts().accept_failed(&error);
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = &mut stopping => break,
                }
            }
        }
    }
    drop(listener);
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    Ok(())
}

/// Whether the client had gone before it was accepted; the next one can be accepted at once.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
