//! A listener that slow or greedy clients cannot exhaust.
//!
//! The HTTP server has no timeouts of its own. So every connection gets them here: a request has to
//! arrive completely within a time and a size, the client has to read the response within a time,
//! and the number of open connections is limited. Further ones wait in the listen backlog.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// Limits of one listener.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// Most connections at once.
    pub connections: usize,
    /// Most bytes of one request, headers included.
    pub request_bytes: usize,
    /// Longest time from the first byte of a request, or of an answer, to its last.
    pub transfer: Duration,
    /// Minimum transfer rate: extends the time of a request by one second per this many bytes.
    pub bytes_per_second: usize,
    /// Longest time between an answer and the next request.
    pub idle: Duration,
}

/// A listener that enforces limits.
#[derive(Debug)]
pub struct LimitedListener {
    listener: TcpListener,
    limits: ConnectionLimits,
    free: Arc<Semaphore>,
}

/// A connection with limits; dropping it releases its permit.
#[derive(Debug)]
pub struct Guarded {
    stream: TcpStream,
    limits: ConnectionLimits,
    deadline: Pin<Box<Sleep>>,
    phase: Phase,
    _place: Option<OwnedSemaphorePermit>,
}

/// What the client is expected to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Send the next request.
    Idle,
    /// Finish the request: bytes received, and since when.
    Request(usize, Instant),
    /// Read the response.
    Answer,
}

/// Binding to an address failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} (setting `{setting}`): {}", .source.kind())]
pub struct BindError {
    address: SocketAddr,
    setting: &'static str,
    source: io::Error,
}

/// Listens on the address of a setting.
///
/// # Errors
///
/// When the address is in use, forbidden or not local; names address and setting.
pub async fn bind(address: SocketAddr, setting: &'static str) -> Result<TcpListener, BindError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| BindError {
            address,
            setting,
            source,
        })
}

impl LimitedListener {
    /// Adds limits to a listener.
    #[must_use]
    pub fn new(listener: TcpListener, limits: ConnectionLimits) -> Self {
        Self {
            listener,
            limits,
            free: Arc::new(Semaphore::new(limits.connections)),
        }
    }
}

impl Listener for LimitedListener {
    type Io = Guarded;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guarded, SocketAddr) {
        // The semaphore is never closed, so this never fails.
        let place = Arc::clone(&self.free).acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let guarded = Guarded {
            stream,
            limits: self.limits,
            deadline: Box::pin(sleep(self.limits.transfer)),
            phase: Phase::Idle,
            _place: place,
        };
        (guarded, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Guarded {
    fn expect(&mut self, phase: Phase, within: Duration) {
        self.phase = phase;
        self.deadline.as_mut().reset(Instant::now() + within);
    }

    /// Fails a pending transfer once the deadline has passed.
    fn within_deadline<T>(
        &mut self,
        transfer: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if transfer.is_ready() {
            return transfer;
        }
        let deadline = self.deadline.as_mut().poll(context);
        deadline.map(|()| Err(ErrorKind::TimedOut.into()))
    }

    fn has_read(&mut self, bytes: usize) -> io::Result<()> {
        let (before, since) = match self.phase {
            // The client has closed its side: there is no new request.
            _ if bytes == 0 => return Ok(()),
            Phase::Idle | Phase::Answer => (0, Instant::now()),
            Phase::Request(before, since) => (before, since),
        };
        let total = before.saturating_add(bytes);
        self.phase = Phase::Request(total, since);
        let seconds = (total / self.limits.bytes_per_second) as u64;
        let within = self.limits.transfer + Duration::from_secs(seconds);
        self.deadline.as_mut().reset(since + within);
        if total > self.limits.request_bytes {
            return Err(ErrorKind::FileTooLarge.into());
        }
        Ok(())
    }

    fn begin_write(&mut self) {
        if self.phase != Phase::Answer {
            self.expect(Phase::Answer, self.limits.transfer);
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Poll::Ready(Ok(())) = read {
            let bytes = buffer.filled().len().saturating_sub(before);
            return Poll::Ready(self.has_read(bytes));
        }
        self.within_deadline(read, context)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.begin_write();
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.within_deadline(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.begin_write();
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.within_deadline(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// The server flushes when a response is complete; from then on the client may be idle.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.phase == Phase::Answer {
            let idle = self.limits.idle;
            self.expect(Phase::Idle, idle);
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
