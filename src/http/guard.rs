//! A listener that slow or greedy clients cannot exhaust.
//!
//! The server reads requests without a clock. So every connection gets one here: a request has
//! to arrive whole within a time and a size, an answer has to be taken within a time, and only
//! so many connections are open at once. The rest wait in the backlog of the system.

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

/// What one listener grants its clients.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most connections at once.
    pub connections: usize,
    /// Most bytes of one request, headers included.
    pub request_bytes: usize,
    /// Longest time from the first byte of a request, or of an answer, to its last.
    pub transfer: Duration,
    /// Longest time between an answer and the next request.
    pub idle: Duration,
}

/// A listener that holds its clients to limits.
#[derive(Debug)]
pub struct Guard {
    listener: TcpListener,
    limits: Limits,
    free: Arc<Semaphore>,
}

/// A connection that is held to limits, and gives its place back when dropped.
#[derive(Debug)]
pub struct Guarded {
    stream: TcpStream,
    limits: Limits,
    deadline: Pin<Box<Sleep>>,
    phase: Phase,
    _place: Option<OwnedSemaphorePermit>,
}

/// What the client is expected to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Send a request, when it likes.
    Idle,
    /// Finish the request of which it has sent this many bytes.
    Request(usize),
    /// Take the answer.
    Answer,
}

/// An address could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} (setting `{setting}`): {}", .source.kind())]
pub struct BindError {
    address: SocketAddr,
    setting: &'static str,
    source: io::Error,
}

/// Listens on an address that a setting gave.
///
/// # Errors
///
/// When the address is taken, forbidden or not ours; names address and setting.
pub async fn bind(address: SocketAddr, setting: &'static str) -> Result<TcpListener, BindError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| BindError {
            address,
            setting,
            source,
        })
}

impl Guard {
    /// Holds the clients of a listener to limits.
    #[must_use]
    pub fn new(listener: TcpListener, limits: Limits) -> Self {
        Self {
            listener,
            limits,
            free: Arc::new(Semaphore::new(limits.connections)),
        }
    }
}

impl Listener for Guard {
    type Io = Guarded;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guarded, SocketAddr) {
        // The semaphore is never closed, so there is always a place in the end.
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

    /// Fails a transfer that waits once the deadline has passed.
    fn hold<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        match self.deadline.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }

    fn has_read(&mut self, bytes: usize) -> io::Result<()> {
        let total = match self.phase {
            // The client has closed its side; whatever else happens, there is no new request.
            _ if bytes == 0 => return Ok(()),
            Phase::Idle | Phase::Answer => {
                self.expect(Phase::Request(bytes), self.limits.transfer);
                bytes
            }
            Phase::Request(before) => before.saturating_add(bytes),
        };
        self.phase = Phase::Request(total);
        if total > self.limits.request_bytes {
            return Err(ErrorKind::FileTooLarge.into());
        }
        Ok(())
    }

    fn wants_to_write(&mut self) {
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
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {
                let bytes = buffer.filled().len().saturating_sub(before);
                Poll::Ready(self.has_read(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.hold(context),
        }
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.wants_to_write();
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => self.hold(context),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.wants_to_write();
        match Pin::new(&mut self.stream).poll_write_vectored(context, parts) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => self.hold(context),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// The server flushes when an answer is complete; from then on the client may be idle.
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

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinSet;

    use super::*;

    const TINY: Limits = Limits {
        connections: 1,
        request_bytes: 256,
        transfer: Duration::from_millis(150),
        idle: Duration::from_millis(400),
    };
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    /// A server that lives as long as the set, and its address.
    async fn server() -> (JoinSet<io::Result<()>>, SocketAddr) {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let guard = Guard::new(bind(any, "test").await.unwrap(), TINY);
        let address = guard.local_addr().unwrap();
        let routes = Router::new().route("/", get(|| async { "hello" }));
        let mut tasks = JoinSet::new();
        tasks.spawn(axum::serve(guard, routes).into_future());
        (tasks, address)
    }

    /// What the server sends until it hangs up.
    async fn until_closed(stream: &mut TcpStream) -> String {
        let mut bytes = Vec::new();
        // A reset is as good an end as any here.
        let _ = stream.read_to_end(&mut bytes).await;
        String::from_utf8(bytes).unwrap()
    }

    #[tokio::test]
    async fn a_request_that_dribbles_is_cut_off() {
        let (_tasks, address) = server().await;
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
        assert_eq!(until_closed(&mut slow).await, "");
    }

    #[tokio::test]
    async fn a_request_that_is_too_long_is_cut_off() {
        let (_tasks, address) = server().await;
        let mut greedy = TcpStream::connect(address).await.unwrap();
        let header = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(500));
        greedy.write_all(header.as_bytes()).await.unwrap();
        assert_eq!(until_closed(&mut greedy).await, "");
    }

    #[tokio::test]
    async fn a_connection_over_the_limit_waits_for_its_place() {
        let (_tasks, address) = server().await;
        let mut first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(REQUEST).await.unwrap();
        first.write_all(REQUEST).await.unwrap();
        // The first is served, goes idle, and is closed; only then comes the second's turn.
        assert!(until_closed(&mut first).await.ends_with("hello"));
        assert!(until_closed(&mut second).await.ends_with("hello"));
    }

    #[tokio::test]
    async fn requests_on_one_connection_each_get_their_time() {
        let (_tasks, address) = server().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let started = Instant::now();
        let mut answer = vec![0; 512];
        while started.elapsed() < TINY.transfer * 3 {
            stream.write_all(REQUEST).await.unwrap();
            let bytes = stream.read(&mut answer).await.unwrap();
            assert!(answer[..bytes].ends_with(b"hello"));
        }
    }

    #[tokio::test]
    async fn a_taken_address_names_its_setting() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let taken = bind(any, "ops.listen").await.unwrap();
        let address = taken.local_addr().unwrap();
        let error = bind(address, "ops.listen").await.unwrap_err();
        let expected = format!("cannot listen on {address} (setting `ops.listen`): address in use");
        assert_eq!(error.to_string(), expected);
    }
}
