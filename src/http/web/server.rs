//! Serves routes on a listener with limits.
//!
//! The framework's own server limits neither the size of a request's head nor the time it takes:
//! unfinished heads of some hundred kilobytes each would fill the memory.

use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::connection_limits::LimitedListener;
use super::rate_limit::Peer;

/// The longest head of a request: its first line and its headers.
const HEAD_BYTES_MAX: usize = 32 << 10;

/// Serves until stopped, then finishes the answers in progress for as long as `grace`.
pub(in crate::http) async fn serve(
    mut listener: LimitedListener,
    router: Router,
    stop: CancellationToken,
    grace: Duration,
) {
    let mut http = http1::Builder::new();
    http.max_header_size(HEAD_BYTES_MAX);
    let graceful = GracefulShutdown::new();
    // They end with the listener.
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        while connections.try_join_next().is_some() {}
        let head = stream.head();
        let router = router.clone();
        let answer = service_fn(move |mut request: Request<Incoming>| {
            head.arrived();
            let peer = ConnectInfo(Peer(peer.ip()));
            request.extensions_mut().insert(peer);
            // The routes are always ready.
            router.clone().call(request)
        });
        let connection = http.serve_connection(TokioIo::new(stream), answer);
        connections.spawn(graceful.watch(connection));
    }
    drop(listener);
    // What is not answered by then is dropped.
    let _ = timeout(grace, graceful.shutdown()).await;
}
