//! The Tokio runtime for the client library, with streams whose incoming frames are repaired.

use std::{
    future::Future,
    io::{self, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

use async_rs::{Runtime, Tokio, traits::Reactor, util::RuntimeParts};
use futures_util::{
    Stream,
    io::{AsyncRead, AsyncWrite},
};
use lapin::AsyncTcpStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

use super::screen::Screened;

/// The runtime for the client library.
pub(in crate::broker) type ScreeningRuntime = Runtime<RuntimeParts<Tokio, ScreeningReactor>>;
/// A connection to the broker, encrypted or not.
pub(in crate::broker) type BrokerStream = Compat<Box<dyn Socket>>;
/// The connection as the client library sees it.
pub(in crate::broker) type ScreenedStream = AsyncTcpStream<Screened<BrokerStream>>;

/// The current Tokio runtime, for the library; to be called within one.
pub(in crate::broker) fn screening() -> ScreeningRuntime {
    let reactor = ScreeningReactor(Tokio::current());
    Runtime::new(RuntimeParts::new(Tokio::current(), reactor))
}

/// A byte stream, encrypted or not.
pub(in crate::broker) trait Socket:
    tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin
{
}

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Socket for S {}

/// A stream as the client library reads and writes it.
pub(in crate::broker) fn compatible(socket: impl Socket + 'static) -> BrokerStream {
    let socket: Box<dyn Socket> = Box::new(socket);
    socket.compat()
}

/// Tokio's reactor, except for the type of stream.
#[derive(Clone, Debug)]
pub(in crate::broker) struct ScreeningReactor(Tokio);

impl Reactor for ScreeningReactor {
    type TcpStream = Screened<BrokerStream>;
    type Sleep = <Tokio as Reactor>::Sleep;

    /// Not needed: connections are opened by `dial`.
    fn register<H: Read + Write + Send + 'static>(
        &self,
        _socket: H,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        Err::<Self::TcpStream, _>(io::ErrorKind::Unsupported.into())
    }

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        self.0.sleep(duration)
    }

    fn interval(&self, duration: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        self.0.interval(duration)
    }

    fn tcp_connect_addr(
        &self,
        address: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        let connect = tokio::net::TcpStream::connect(address);
        async move { Ok(Screened::new(compatible(connect.await?))) }
    }
}
