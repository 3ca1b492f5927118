//! The metrics of this process and their exposition.
//!
//! There is no global recorder: a program, or a test, may run several side by side.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use metrics::Histogram;
use metrics_exporter_prometheus::{BuildError, PrometheusHandle, PrometheusRecorder};
use metrics_process::Collector;
use tracing::info;

use super::delivery_balance::{DeliveryBalance, Entries};
use super::labels::{Backpressure, Dependency, Labels, Outcome, REVISION_VALUE, VERSION_VALUE};
use super::names;
use super::registry::{Registry, recorder};
use super::samples::{Level, Sampled, Totals};
use super::throttle::Throttle;
use crate::lock::lock;

/// Metrics could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the metrics")]
pub struct StartError(#[from] BuildError);

/// The metrics of this process; clones share them.
#[derive(Debug, Clone)]
pub struct Telemetry(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) registry: Registry,
    pub(super) balance: DeliveryBalance,
    pub(super) sampled: Sampled,
    pub(super) throttle: Throttle,
    pub(super) event_latency: Histogram,
    pub(super) labels: Labels,
    /// Which dependencies are connected, so that only changes are logged.
    pub(super) connected: [AtomicBool; Dependency::ALL.len()],
    /// Time spent in backpressure by cause; counters are whole numbers, so fractions add up here.
    paused: Mutex<[Duration; Backpressure::ALL.len()]>,
    /// Locked while the balance is copied and rendered, so that scrapes do not mix.
    scrape: Mutex<()>,
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    process: Collector,
}

impl Telemetry {
    /// Sets up every series of every metric at zero.
    ///
    /// # Errors
    ///
    /// When the recorder refuses the bounds of a histogram.
    pub fn new(labels: &Labels) -> Result<Self, StartError> {
        let recorder = recorder()?;
        let registry = Registry::new(&recorder, labels);
        let process = Collector::default();
        metrics::with_local_recorder(&recorder, || process.describe());
        let build = [VERSION_VALUE, REVISION_VALUE];
        registry.gauge(names::BUILD_INFO, &build).set(1.0);
        Ok(Self(Arc::new(Inner {
            event_latency: registry.histogram(names::EVENT_LATENCY, &[]),
            registry,
            balance: DeliveryBalance::new(labels.types),
            sampled: Sampled::default(),
            throttle: Throttle::default(),
            labels: *labels,
            connected: Default::default(),
            paused: Mutex::default(),
            scrape: Mutex::new(()),
            handle: recorder.handle(),
            recorder,
            process,
        })))
    }

    /// All metrics in the text format of Prometheus, with a consistent snapshot of the balance.
    #[must_use]
    pub fn render(&self) -> String {
        let inner = &self.0;
        let _one_scrape_at_a_time = lock(&inner.scrape);
        self.export_balance(&inner.balance.snapshot());
        metrics::with_local_recorder(&inner.recorder, || inner.process.collect());
        inner.handle.render()
    }

    /// How many deliveries were received so far, and how many of them are in flight.
    #[must_use]
    pub fn account(&self) -> (u64, i64) {
        let snapshot = self.0.balance.snapshot();
        (snapshot.fresh + snapshot.redelivered, snapshot.in_flight)
    }

    /// To be called every few seconds: drains observations, and logs how many lines were suppressed
    /// at the end of a burst.
    pub fn upkeep(&self) {
        self.0.handle.run_upkeep();
        for ((message, label), suppressed) in self.0.throttle.expire(Instant::now()) {
            info!(suppressed, label, "suppressed: {message}");
        }
    }

    /// Adds to the time in which consuming paused.
    pub(super) fn add_pause(&self, cause: Backpressure, pause: Duration) {
        let mut paused = lock(&self.0.paused);
        if let Some(total) = paused.get_mut(cause as usize) {
            *total = total.saturating_add(pause);
            let registry = &self.0.registry;
            let counter = registry.counter(names::BACKPRESSURE, &[cause.name()]);
            counter.absolute(total.as_secs());
        }
    }

    /// Exports a snapshot of the balance; only [`Self::render`] may, as these series change nowhere
    /// else.
    fn export_balance(&self, snapshot: &Entries) {
        let Inner {
            registry, labels, ..
        } = &*self.0;
        let deliveries = |redelivered| registry.counter(names::DELIVERIES, &[redelivered]);
        deliveries("false").absolute(snapshot.fresh);
        deliveries("true").absolute(snapshot.redelivered);
        for (event_type, row) in labels.types.iter().zip(&snapshot.settled) {
            for (outcome, events) in Outcome::ALL.iter().zip(row) {
                let values = [*event_type, outcome.name()];
                registry
                    .counter(names::EVENTS_SETTLED, &values)
                    .absolute(*events);
            }
        }
        self.show(names::IN_FLIGHT, &[], number(snapshot.in_flight));
        self.show(names::LAST_DELIVERY, &[], seconds(snapshot.last_delivery));
    }
}

/// A time for Prometheus; 0 means none.
pub(super) fn seconds(time: Option<Timestamp>) -> f64 {
    time.map_or(0.0, |time| number(time.as_microsecond()) / 1e6)
}

/// A count for Prometheus.
#[expect(
    clippy::cast_precision_loss,
    reason = "exact below 2^53, which no count of ours reaches"
)]
pub(super) fn number(count: i64) -> f64 {
    count as f64
}

impl Telemetry {
    /// The totals since the start.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.0.sampled.totals(&self.0.balance.snapshot())
    }

    /// The last value of a level; `None` if it is too old.
    #[must_use]
    pub fn level(&self, level: Level) -> Option<u64> {
        self.0.sampled.known(level, Instant::now())
    }
}
