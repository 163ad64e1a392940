//! A socket that tells what happens on it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::gate::{Charge, Place};
use super::reserve::Admitted;
use super::timers::Progress;

/// What the socket and the requests on it know of each other.
pub(super) struct Shared {
    pub(super) progress: Progress,
    /// For the bytes of a head that is being received.
    head: Mutex<Charge>,
    /// For the client of a connection that was upgraded: it lasts as long as the socket.
    upgraded: Mutex<Option<Place>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is one assignment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn new(progress: Progress, head: Charge) -> Self {
        Self {
            progress,
            head: Mutex::new(head),
            upgraded: Mutex::new(None),
        }
    }

    /// A head is complete: from now on its bytes are the request's.
    pub(super) fn request_began(&self) {
        self.progress.request_began();
        locked(&self.head).release();
    }

    /// The connection keeps `place` for as long as it lasts.
    pub(super) fn keep(&self, place: Option<Place>) {
        *locked(&self.upgraded) = place;
    }
}

/// An accepted connection with its place.
pub(super) struct Stream {
    inner: TcpStream,
    shared: Arc<Shared>,
    _admitted: Admitted,
}

impl Stream {
    pub(super) fn new(inner: TcpStream, shared: Arc<Shared>, admitted: Admitted) -> Self {
        Self {
            inner,
            shared,
            _admitted: admitted,
        }
    }

    fn written(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Pending => self.shared.progress.write_blocked(Instant::now()),
            Poll::Ready(Ok(_)) => self.shared.progress.wrote(Instant::now()),
            Poll::Ready(Err(_)) => {}
        }
        written
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        let length = buffer.filled().len() - before;
        if length > 0
            && self.shared.progress.received(Instant::now())
            && locked(&self.shared.head).add(length).is_err()
        {
            return Poll::Ready(Err(io::Error::other("too many bytes of requests are held")));
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.written(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    /// hyper flushes when it has written all it has.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.progress.flushed();
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
