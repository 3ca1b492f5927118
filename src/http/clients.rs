//! The listener for clients: the native API, the monitor page, and the dialects that clients of other
//! systems speak.

use std::io;
use std::time::Duration;

use axum::middleware::{from_fn, from_fn_with_state};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::api::rates::Peer;
use super::api::{self, Allowances, Api, UploadLimits};
use super::bodies;
use super::dialects;
use super::guard::{Guard, Limits};
use super::measure::{Meter, measure};
use super::monitor;
use crate::config::{BrokerSettings, DialectSettings};
use crate::files::Files;
use crate::store::Store;
use crate::telemetry::Telemetry;
use crate::wire;

/// A request may wait for the end of a process, so its clock is longer than the longest wait.
const LIMITS: Limits = Limits {
    connections: 16_384,
    // Heads are limited by the server, bodies by who reads them.
    request_bytes: usize::MAX,
    transfer: Duration::from_secs(75),
    bytes_per_second: 16 << 10,
    idle: Duration::from_secs(75),
};
/// Longest wait at the end for answers that are under way.
const GRACE: Duration = Duration::from_secs(5);

/// What the listener works with.
#[derive(Clone)]
pub struct Setup {
    /// Where processes are read; it may be a replica.
    pub store: Store,
    /// Where files and sessions are noted, and read what must not be behind.
    pub primary: Store,
    /// Where files are kept.
    pub files: Files,
    /// What uploads may bring.
    pub uploads: UploadLimits,
    /// Where events go.
    pub broker: BrokerSettings,
    /// What an event may not exceed.
    pub limits: wire::Limits,
    /// How often somebody may ask.
    pub allowances: Allowances,
    /// Which other systems' clients are answered, and where.
    pub dialects: DialectSettings,
    /// Where requests are counted.
    pub telemetry: Telemetry,
}

/// Serves until told to stop; those who wait are then answered with what is known.
///
/// # Errors
///
/// When the listener itself fails; failing clients are their own problem.
pub async fn serve(listener: TcpListener, setup: Setup, stop: CancellationToken) -> io::Result<()> {
    let dialects = setup.dialects.clone();
    let meter = Meter::new(setup.telemetry.clone(), &dialects);
    // They end with the listener.
    let (api, _tasks) = Api::new(setup, &stop);
    let router = api::router(&api).merge(monitor::router(&api));
    let router = dialects::add(router, &api, &dialects);
    let router = router.layer(from_fn_with_state(meter, measure));
    let router = router.layer(from_fn(bodies::take_in));
    let service = router.into_make_service_with_connect_info::<Peer>();
    let server = axum::serve(Guard::new(listener, LIMITS), service)
        .with_graceful_shutdown(stop.clone().cancelled_owned())
        .into_future();
    tokio::pin!(server);
    tokio::select! {
        result = &mut server => return result,
        () = stop.cancelled() => {}
    }
    timeout(GRACE, server).await.unwrap_or(Ok(()))
}
