//! The signals that end the server, and one that must not.

use std::io;

/// Ends at the first SIGTERM, SIGINT or the platform's like.
#[cfg(unix)]
pub(super) fn stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// A limit on file sizes is told as a failed write, as a full disk is; unhandled, its signal would end the process.
#[cfg(unix)]
pub(super) fn survive_file_size_limits() -> io::Result<()> {
    use rustix::process::Signal;
    use tokio::signal::unix::{SignalKind, signal};
    // The handler stays for as long as the process, whoever listens.
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
}

/// There is no such limit.
#[cfg(not(unix))]
pub(super) fn survive_file_size_limits() -> io::Result<()> {
    Ok(())
}

/// Ends at the first Ctrl-C.
#[cfg(not(unix))]
pub(super) fn stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a way to hear it, the server runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
