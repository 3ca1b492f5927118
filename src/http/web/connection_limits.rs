//! A listener that slow or greedy clients cannot exhaust.
//!
//! The HTTP server has no timeouts of its own. So every connection gets them here: a request has to
//! arrive completely within a time and a size, the client has to read the response within a time,
//! and the number of open connections is limited, in total and of each address.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::transport::Transport;
use crate::fair::{FairBudget, Permit, Share};

/// Limits of one listener.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// Most connections at once; one address, or one /64 network of IPv6, gets a quarter of them at
    /// most. Further ones are closed at once.
    pub connections: usize,
    /// Most bytes of one request, headers included.
    pub request_bytes: usize,
    /// Longest time from the first byte of a request to the end of its headers.
    pub head: Duration,
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
    places: FairBudget<IpAddr>,
}

/// A connection with limits; dropping it releases its places.
#[derive(Debug)]
pub struct Guarded {
    stream: Transport,
    limits: ConnectionLimits,
    deadline: Pin<Box<Sleep>>,
    phase: Phase,
    /// When the phase began.
    since: Instant,
    head: Head,
    _place: Permit<IpAddr>,
}

/// A connection that was accepted, before its handshake.
#[derive(Debug)]
pub(super) struct Accepted {
    stream: TcpStream,
    peer: IpAddr,
    limits: ConnectionLimits,
    place: Permit<IpAddr>,
}

/// What the client is expected to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Send the next request.
    Idle,
    /// Finish the request, of which so many bytes were received.
    Request(usize),
    /// Read the response.
    Answer,
}

/// Whether the head of the current request has arrived, as only the HTTP server knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Head(Arc<AtomicBool>);

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
            places: FairBudget::with_share(limits.connections, Share::OneQuarter),
        }
    }

    /// The next connection for which there is a place.
    pub(super) async fn accept(&mut self) -> Accepted {
        loop {
            let (stream, peer) = Listener::accept(&mut self.listener).await;
            if let Some(place) = self.places.place(network(peer.ip()), 1) {
                return Accepted {
                    stream,
                    peer: peer.ip(),
                    limits: self.limits,
                    place,
                };
            }
        }
    }

    /// The address it listens on.
    ///
    /// # Errors
    ///
    /// If the system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Accepted {
    /// The other end.
    pub(super) fn peer(&self) -> IpAddr {
        self.peer
    }

    /// The connection, after the handshake of TLS, if there is TLS; `None` if that fails.
    pub(super) async fn open(self, tls: Option<Arc<ServerConfig>>) -> Option<Guarded> {
        let stream = match tls {
            None => Transport::Plain(self.stream),
            Some(tls) => {
                let handshake = TlsAcceptor::from(tls).accept(self.stream);
                let stream = timeout(self.limits.head, handshake).await.ok()?.ok()?;
                Transport::Tls(Box::new(stream))
            }
        };
        Some(Guarded {
            stream,
            limits: self.limits,
            deadline: Box::pin(sleep(self.limits.idle)),
            phase: Phase::Idle,
            since: Instant::now(),
            head: Head::default(),
            _place: self.place,
        })
    }
}

/// What clients are counted by: an address, or of IPv6 the network of 64 bits that one client has.
pub(in crate::http) fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let bits = ip.to_bits() >> 64 << 64;
            Ipv6Addr::from_bits(bits).into()
        }
        IpAddr::V4(ip) => ip.into(),
    }
}

impl Head {
    /// The head has arrived.
    pub(super) fn arrived(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn has_arrived(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn expected(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Guarded {
    /// For the notice that the head of a request has arrived.
    pub(super) fn head(&self) -> Head {
        self.head.clone()
    }

    /// How long the current phase may take.
    fn allowed(&self) -> Duration {
        let limits = self.limits;
        match self.phase {
            Phase::Idle => limits.idle,
            Phase::Request(_) if !self.head.has_arrived() => limits.head,
            Phase::Request(bytes) => {
                limits.transfer + Duration::from_secs((bytes / limits.bytes_per_second) as u64)
            }
            Phase::Answer => limits.transfer,
        }
    }

    fn begin(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
        let due = self.since + self.allowed();
        self.deadline.as_mut().reset(due);
    }

    /// Fails a pending transfer once its phase is over its time.
    fn within_deadline<T>(
        &mut self,
        transfer: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if transfer.is_ready() {
            return transfer;
        }
        loop {
            ready!(self.deadline.as_mut().poll(context));
            // More may be allowed by now: the head or more of the body has arrived.
            let due = self.since + self.allowed();
            if due <= Instant::now() {
                return Poll::Ready(Err(ErrorKind::TimedOut.into()));
            }
            self.deadline.as_mut().reset(due);
        }
    }

    fn has_read(&mut self, bytes: usize) -> io::Result<()> {
        let total = match self.phase {
            // The client has closed its side: there is no new request.
            _ if bytes == 0 => return Ok(()),
            Phase::Idle | Phase::Answer => {
                self.begin(Phase::Request(bytes));
                bytes
            }
            Phase::Request(before) => {
                let total = before.saturating_add(bytes);
                self.phase = Phase::Request(total);
                total
            }
        };
        match total > self.limits.request_bytes {
            true => Err(ErrorKind::FileTooLarge.into()),
            false => Ok(()),
        }
    }

    fn begin_write(&mut self) {
        if self.phase != Phase::Answer {
            self.begin(Phase::Answer);
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
        let flush = Pin::new(&mut self.stream).poll_flush(context);
        let flushed = ready!(self.within_deadline(flush, context));
        if flushed.is_ok() && self.phase == Phase::Answer {
            self.head.expected();
            self.begin(Phase::Idle);
        }
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shutdown = Pin::new(&mut self.stream).poll_shutdown(context);
        self.within_deadline(shutdown, context)
    }
}
