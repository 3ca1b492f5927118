//! The listener for clients: the native API, the monitor page, and the dialects of clients of other
//! systems.

use std::io;
use std::time::Duration;

use axum::middleware::{from_fn, from_fn_with_state};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::api;
use super::state::{Api, Setup};
use super::web::connection_limits::{ConnectionLimits, LimitedListener};
use super::web::drain_bodies;
use super::web::metrics_layer::{Meter, measure};
use super::web::rate_limit::Peer;
use super::{compat, ui};

/// A request may wait for the end of a process, so its timeout is longer than the longest wait.
const LIMITS: ConnectionLimits = ConnectionLimits {
    connections: 16_384,
    // The HTTP server limits headers, the handlers limit bodies.
    request_bytes: usize::MAX,
    transfer: Duration::from_secs(75),
    bytes_per_second: 16 << 10,
    idle: Duration::from_secs(75),
};
/// Longest wait at shutdown for responses that are in progress.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until stopped; requests that wait are then answered with the current state.
///
/// # Errors
///
/// When the listener itself fails; errors of single connections are not reported.
pub async fn serve(listener: TcpListener, setup: Setup, stop: CancellationToken) -> io::Result<()> {
    let dialects = setup.dialects.clone();
    let meter = Meter::new(setup.telemetry.clone(), &dialects);
    // The tasks end with the listener.
    let (api, _tasks) = Api::new(setup, &stop);
    let router = api::router(&api).merge(ui::router(&api));
    let router = compat::add(router, &api, &dialects);
    let router = router.layer(from_fn_with_state(meter, measure));
    let router = router.layer(from_fn(drain_bodies::drain));
    let service = router.into_make_service_with_connect_info::<Peer>();
    let server = axum::serve(LimitedListener::new(listener, LIMITS), service)
        .with_graceful_shutdown(stop.clone().cancelled_owned())
        .into_future();
    tokio::pin!(server);
    tokio::select! {
        result = &mut server => return result,
        () = stop.cancelled() => {}
    }
    timeout(GRACE, server).await.unwrap_or(Ok(()))
}
