//! The listener for clients: the native API, the monitor page, and the dialects of clients of other
//! systems.

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
use super::web::server;
use super::{compat, ui};

/// A request may wait for the end of a process, so its timeout is longer than the longest wait.
const LIMITS: ConnectionLimits = ConnectionLimits {
    connections: 16_384,
    // The HTTP server limits headers, the handlers limit bodies.
    request_bytes: usize::MAX,
    head: Duration::from_secs(10),
    transfer: Duration::from_secs(75),
    bytes_per_second: 16 << 10,
    idle: Duration::from_secs(75),
};
/// Longest wait at shutdown for responses that are in progress.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until stopped; requests that wait are then answered with the current state.
pub async fn serve(listener: TcpListener, setup: Setup, stop: CancellationToken) {
    let (dialects, arrival) = (setup.dialects.clone(), setup.arrival.clone());
    let meter = Meter::new(setup.telemetry.clone(), &dialects);
    // The tasks end with the listener.
    let (api, _tasks) = Api::new(setup, &stop);
    let router = api::router(&api).merge(ui::router(&api));
    let router = compat::add(router, &api, &dialects);
    let router = router.layer(from_fn_with_state(meter, measure));
    let router = router.layer(from_fn(drain_bodies::drain));
    let listener = LimitedListener::new(listener, LIMITS);
    server::serve(listener, router, arrival, (stop, GRACE)).await;
    // Without the database nothing is left to wait for.
    let _ = timeout(GRACE, api.keys.record_logins()).await;
}
