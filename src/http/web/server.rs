//! Serves routes on a listener with limits.
//!
//! The framework's own server limits neither the size of a request's head nor the time it takes:
//! unfinished heads of some hundred kilobytes each would fill the memory.

use std::sync::Arc;
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
use super::proxies::TrustedProxies;
use super::scheme::Scheme;
use super::tls::ListenerTls;

/// The longest head of a request: its first line and its headers.
const HEAD_BYTES_MAX: usize = 32 << 10;

/// How requests arrive at a listener.
#[derive(Debug, Clone, Default)]
pub struct Arrival {
    /// TLS, if it is not plain text.
    pub tls: Option<ListenerTls>,
    /// The proxies whose headers count.
    pub proxies: TrustedProxies,
}

/// Serves until stopped, then finishes the answers in progress for as long as `grace`.
pub(in crate::http) async fn serve(
    mut listener: LimitedListener,
    router: Router,
    arrival: Arrival,
    (stop, grace): (CancellationToken, Duration),
) {
    let graceful = GracefulShutdown::new();
    // They end with the listener.
    let mut tasks = JoinSet::new();
    if let Some(tls) = arrival.tls.clone() {
        tasks.spawn(tls.follow(stop.clone()));
    }
    let proxies = Arc::new(arrival.proxies);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        while tasks.try_join_next().is_some() {}
        let tls = arrival.tls.as_ref().map(ListenerTls::current);
        let (router, proxies) = (router.clone(), Arc::clone(&proxies));
        let watcher = graceful.watcher();
        tasks.spawn(async move {
            let peer = accepted.peer();
            let scheme = if tls.is_some() {
                Scheme::Https
            } else {
                Scheme::Http
            };
            let Some(stream) = accepted.open(tls).await else {
                return;
            };
            let head = stream.head();
            let answer = service_fn(move |mut request: Request<Incoming>| {
                head.arrived();
                let (peer, scheme) = proxies.client(peer, scheme, request.headers());
                let extensions = request.extensions_mut();
                extensions.insert(ConnectInfo(peer));
                extensions.insert(scheme);
                // The routes are always ready.
                router.clone().call(request)
            });
            let mut http = http1::Builder::new();
            http.max_header_size(HEAD_BYTES_MAX);
            let connection = http.serve_connection(TokioIo::new(stream), answer);
            // How it ends is up to the client.
            let _ = watcher.watch(connection).await;
        });
    }
    drop(listener);
    // What is not answered by then is dropped.
    let _ = timeout(grace, graceful.shutdown()).await;
}
