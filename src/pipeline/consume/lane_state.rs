//! The signals to a lane, and the status of the lane and its queue.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::broker::Connection;
use crate::broker::tenant_exchanges::own_queue;
use crate::lock::lock;

/// What a queue carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carries {
    /// Events, of any tenant.
    Events,
    /// Events of one tenant, whose queue it is.
    TenantEvents,
    /// Messages that the broker dead-lettered.
    DeadLetters,
}

/// The signals to a lane.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    /// Receive no more, finish the unacknowledged deliveries.
    pub(super) stop: CancellationToken,
    /// End at once: the broker requeues what is not acknowledged.
    pub(super) give_up: CancellationToken,
}

impl Signals {
    /// Whether the session with this connection is over, or has to end.
    pub(super) fn is_over_for(&self, connection: &Connection) -> bool {
        self.stop.is_cancelled() || self.give_up.is_cancelled() || !connection.is_connected()
    }
}

/// The status of a lane and its queue.
#[derive(Debug)]
pub(in crate::pipeline) struct LaneState {
    queue: String,
    carries: Carries,
    /// Whose queue it is, if it is one tenant's.
    tenant: Option<String>,
    received: AtomicU64,
    done: AtomicU64,
    ready: AtomicU32,
    silent: AtomicBool,
    /// `None` while it consumes.
    down_since: Mutex<Option<Instant>>,
}

impl LaneState {
    pub(super) fn new(queue: &str, carries: Carries) -> Self {
        Self {
            queue: queue.to_owned(),
            carries,
            tenant: None,
            received: AtomicU64::default(),
            done: AtomicU64::default(),
            ready: AtomicU32::default(),
            silent: AtomicBool::default(),
            down_since: Mutex::new(Some(Instant::now())),
        }
    }

    /// Of a tenant's own queue.
    pub(super) fn of_tenant(tenant: &str) -> Self {
        Self {
            tenant: Some(tenant.to_owned()),
            ..Self::new(&own_queue(tenant), Carries::TenantEvents)
        }
    }

    /// Whose queue it is, if it is one tenant's.
    pub(super) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    pub(super) fn queue(&self) -> &str {
        &self.queue
    }

    pub(super) fn carries(&self) -> Carries {
        self.carries
    }

    pub(super) fn carries_events(&self) -> bool {
        match self.carries {
            Carries::Events | Carries::TenantEvents => true,
            Carries::DeadLetters => false,
        }
    }

    /// Sets whether it consumes.
    pub(super) fn set_up(&self, up: bool) {
        let mut since = lock(&self.down_since);
        *since = match up {
            true => None,
            false => since.or_else(|| Some(Instant::now())),
        };
    }

    /// A delivery was received.
    pub(super) fn receive(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
    }

    /// Deliveries were acknowledged or requeued.
    pub(in crate::pipeline) fn finish(&self, deliveries: usize) {
        self.done.fetch_add(deliveries as u64, Ordering::Relaxed);
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub(super) fn has_unacknowledged(&self) -> bool {
        self.received() != self.done.load(Ordering::Relaxed)
    }

    /// Sets whether its queue answers in time.
    pub(super) fn answers(&self, yes: bool) {
        self.silent.store(!yes, Ordering::Relaxed);
    }

    pub(super) fn show_ready(&self, messages: u32) {
        self.ready.store(messages, Ordering::Relaxed);
    }

    pub(super) fn ready(&self) -> u32 {
        self.ready.load(Ordering::Relaxed)
    }

    /// The problem of the lane, if it has lasted for `for_long`.
    pub(super) fn fails(&self, for_long: Duration) -> Option<String> {
        let queue = &self.queue;
        if self.silent.load(Ordering::Relaxed) {
            return Some(format!("{queue} does not answer"));
        }
        let down = (*lock(&self.down_since)).is_some_and(|since| since.elapsed() > for_long);
        down.then(|| format!("{queue} is not consumed from"))
    }
}
