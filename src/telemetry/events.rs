//! One function per kind of occurrence: it counts, and logs what operators should know.
//!
//! A repeated message is logged once per few seconds with the number of suppressed lines. No line
//! contains a token, a payload or a secret; error texts come from Waybill's own error types.

use std::fmt::Display;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use metrics::Histogram;
use tracing::{debug, error, info, warn};

use super::labels::{
    AuthRefused, Backpressure, CutReason, Dependency, Outcome, Phase, Published, RetryReason,
    SealCause, StatusClass, What,
};
use super::metrics::Telemetry;
use super::names;

/// The shortest pause that is logged; shorter ones are a full batch waiting for its turn.
const LONG_PAUSE: Duration = Duration::from_secs(1);

/// Logs a message about `$label` with these fields, unless it was logged within a few seconds; then
/// it is counted in the next line.
macro_rules! throttled {
    ($self:ident, $level:ident, $label:expr => $message:literal, $($fields:tt)*) => {
        if let Some(suppressed) = $self.permit($message, $label) {
            $level!($($fields)*, suppressed, $message);
        }
    };
}

/// Processes of one kind that were sealed with one status.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// `upload` or `order`.
    pub kind: &'a str,
    /// The final status.
    pub status: &'a str,
    /// From opening to seal, one per process.
    pub durations: &'a [Duration],
}

impl Telemetry {
    /// A message was received from the broker.
    pub fn received(&self, redelivered: bool, at: Timestamp) {
        let again = u64::from(redelivered);
        self.0.balance.receive(1 - again, again, at);
    }

    /// Messages were received from the broker.
    pub fn received_many(&self, fresh: u64, redelivered: u64, at: Timestamp) {
        self.0.balance.receive(fresh, redelivered, at);
    }

    /// Deliveries are settled: their effect, if any, is committed.
    pub fn settled(&self, event_type: &str, outcome: Outcome, events: u64) {
        self.0.balance.settle(event_type, outcome, events);
    }

    /// Deliveries were requeued, with the end of the connection or on purpose.
    pub fn returned(&self, events: u64) {
        if events == 0 {
            return;
        }
        self.0.balance.settle("unknown", Outcome::Returned, events);
        info!(events, "deliveries returned to the broker");
    }

    /// A batch was cut.
    pub fn batch_cut(&self, reason: CutReason, events: u64) {
        self.add(names::BATCH_CUT, &[reason.name()], 1);
        let size = f64::from(u32::try_from(events).unwrap_or(u32::MAX));
        self.observed(names::BATCH_EVENTS, &[]).record(size);
    }

    /// A phase of a batch is over.
    pub fn phase_done(&self, phase: Phase, took: Duration) {
        self.observed(names::BATCH_DURATION, &[phase.name()])
            .record(took);
        debug!(phase = phase.name(), ?took, "phase done");
    }

    /// The effect of an event was committed this long after the event.
    pub fn event_committed(&self, latency: Duration) {
        self.0.event_latency.record(latency);
        self.0.sampled.committed(latency);
    }

    /// A completion was confirmed this long after its commit.
    pub fn completion_confirmed(&self, latency: Duration) {
        self.observed(names::COMPLETION_LATENCY, &[])
            .record(latency);
    }

    /// Processes were opened.
    pub fn processes_opened(&self, kind: &str, processes: u64) {
        self.add(names::PROCESSES_OPENED, &[kind], processes);
    }

    /// Processes were sealed.
    pub fn processes_ended(&self, ended: Ended<'_>) {
        let labels = [ended.kind, ended.status];
        let processes = u64::try_from(ended.durations.len()).unwrap_or(u64::MAX);
        self.add(names::PROCESSES_ENDED, &labels, processes);
        self.0.sampled.ended(ended.status, processes);
        let histogram = self.observed(names::PROCESS_DURATION, &labels);
        for duration in ended.durations {
            histogram.record(*duration);
        }
    }

    /// The janitor sealed processes whose settle time or deadline had passed.
    pub fn janitor_sealed(&self, cause: SealCause, processes: u64) {
        self.add(names::JANITOR_SEALED, &[cause.name()], processes);
        if processes > 0 {
            info!(
                processes,
                cause = cause.name(),
                "sealed processes that were due"
            );
        }
    }

    /// Processes were deleted past their retention.
    pub fn retention_deleted(&self, processes: u64) {
        self.add(names::RETENTION_DELETED, &[], processes);
        if processes > 0 {
            info!(processes, "deleted expired processes");
        }
    }

    /// Dead letters were deleted past their retention.
    pub fn dead_letters_expired(&self, dead_letters: u64) {
        if dead_letters > 0 {
            info!(dead_letters, "deleted dead letters past their retention");
        }
    }

    /// The janitor quarantined a process that it could not seal or delete.
    pub fn quarantined(&self, what: &str, process: &dyn Display, reason: &dyn Display) {
        warn!(what, %process, %reason, "a process can't be sealed or deleted and was quarantined");
    }

    /// A job of the janitor panicked; the janitor continues.
    pub fn panicked(&self, job: &'static str) {
        throttled!(self, error, job => "a job panicked", job);
    }

    /// Messages became dead letters. An unlisted reason counts as the last one listed.
    pub fn dead_lettered(&self, reason: &str, messages: u64) {
        let reason = self.listed_reason(reason);
        self.add(names::DEAD_LETTERED, &[reason], messages);
        throttled!(self, warn, reason => "message became a dead letter", reason, messages);
    }

    /// A file that was read is not what had been stored.
    pub fn file_changed(&self, path: &dyn Display) {
        self.add(names::FILES_CHANGED, &[], 1);
        error!(%path, "the contents of a file have changed since it was stored: restore its object");
    }

    /// Events that were applied although their publisher has no right to their tenant.
    pub fn unauthorized(&self, events: u64) {
        self.add(names::UNAUTHORIZED, &[], events);
    }

    /// Opening events that get no reply, because their queue is not allowed.
    pub fn reply_to_ignored(&self, events: u64) {
        self.add(names::REPLY_TO_IGNORED, &[], events);
    }

    /// Trace contexts were ignored because they were malformed.
    pub fn trace_context_invalid(&self, messages: u64) {
        self.add(names::TRACE_CONTEXT_INVALID, &[], messages);
    }

    /// Messages were published, with the broker's answer.
    pub fn published(&self, what: What, result: Published, messages: u64) {
        let labels = [what.name(), result.name()];
        self.add(names::PUBLISHED, &labels, messages);
        let what = what.name();
        match result {
            Published::Confirmed => debug!(what, messages, "published"),
            Published::Nacked => {
                throttled!(self, warn, what => "broker refused a message", what, messages);
            }
            Published::Refused | Published::Unknown => {
                let result = result.name();
                throttled!(self, warn, result => "a message was not confirmed",
                    what, result, messages);
            }
            Published::Unroutable => {
                throttled!(self, warn, what => "message unroutable", what, messages);
            }
        }
    }

    /// An operation is retried.
    pub fn retried(&self, reason: RetryReason, cause: &dyn Display) {
        let reason = reason.name();
        self.add(names::RETRIES, &[reason], 1);
        throttled!(self, warn, reason => "trying again", reason, %cause);
    }

    /// The database answers but refuses all writes.
    pub fn writes_refused(&self, cause: &dyn Display) {
        self.show(names::WRITES_REFUSED, &[], 1.0);
        throttled!(self, error, "" => "database does not accept writes; retrying", %cause);
    }

    /// The database accepts writes again.
    pub fn writes_accepted(&self) {
        self.show(names::WRITES_REFUSED, &[], 0.0);
        info!("database accepts writes again");
    }

    /// A dependency is connected; reported after every check, logged on changes.
    pub fn connected(&self, dependency: Dependency) {
        let changed = self.set_connected(dependency, true);
        let dependency = dependency.name();
        if changed && let Some(suppressed) = self.permit("connected", dependency) {
            info!(dependency, suppressed, "connected");
        }
    }

    /// A dependency is not connected; reported after every check.
    pub fn disconnected(&self, dependency: Dependency, cause: &dyn Display) {
        self.set_connected(dependency, false);
        let dependency = dependency.name();
        throttled!(self, error, dependency => "not connected", dependency, %cause);
    }

    /// Sets whether a dependency is connected; returns whether that has changed.
    fn set_connected(&self, dependency: Dependency, connected: bool) -> bool {
        let level = f64::from(u8::from(connected));
        self.show(names::CONNECTED, &[dependency.name()], level);
        let known = self.0.connected.get(dependency as usize);
        known.is_some_and(|known| known.swap(connected, Ordering::Relaxed) != connected)
    }

    /// A lost dependency is tried again after a pause.
    pub fn reconnecting(&self, dependency: Dependency, pause: Duration) {
        let dependency = dependency.name();
        self.add(names::RECONNECTS, &[dependency], 1);
        throttled!(self, info, dependency => "reconnecting", dependency, ?pause);
    }

    /// The broker has blocked or unblocked the publishing connection.
    pub fn publisher_blocked(&self, blocked: bool) {
        let level = f64::from(u8::from(blocked));
        self.show(names::PUBLISHER_BLOCKED, &[], level);
        let message = if blocked { "blocked" } else { "unblocked" };
        throttled!(self, warn, message => "broker changed whether it accepts messages",
            blocked);
    }

    /// Consuming paused; a long pause is reported in parts.
    pub fn backpressure(&self, cause: Backpressure, pause: Duration) {
        self.add_pause(cause, pause);
        let cause = cause.name();
        if pause >= LONG_PAUSE
            && let Some(suppressed) = self.permit("consuming paused", cause)
        {
            info!(cause, ?pause, suppressed, "consuming paused");
        }
    }

    /// A client's request was answered, this long after it was received.
    pub fn http_answered(&self, route: &str, status: StatusClass, took: Duration) {
        self.add(names::HTTP_REQUESTS, &[route, status.name()], 1);
        self.observed(names::HTTP_REQUEST_DURATION, &[route])
            .record(took);
    }

    /// A client was refused.
    pub fn auth_refused(&self, reason: AuthRefused) {
        self.add(names::AUTH_REFUSED, &[reason.name()], 1);
    }

    fn add(&self, name: &'static str, labels: &[&str], count: u64) {
        self.0.registry.counter(name, labels).increment(count);
    }

    fn observed(&self, name: &str, labels: &[&str]) -> Histogram {
        self.0.registry.histogram(name, labels)
    }

    fn permit(&self, message: &'static str, label: &'static str) -> Option<u64> {
        self.0.throttle.permit((message, label), Instant::now())
    }

    fn listed_reason(&self, reason: &str) -> &'static str {
        let reasons = self.0.labels.reasons;
        let listed = reasons.iter().find(|known| **known == reason);
        listed.or(reasons.last()).copied().unwrap_or_default()
    }
}
