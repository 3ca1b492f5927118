//! Every metric, described once: its name, type, labels and help.
//!
//! The registry creates every series of this table at the start, and the documentation's table is
//! generated from it.

use std::fmt::Write;

use super::labels::{
    AuthRefused, Axis, Backpressure, CutReason, Dependency, KIND, Outcome, Phase, PoolState,
    Published, Quarantined, REASON, REDELIVERED, REVISION, ROUTE, RetryReason, STATUS, SealCause,
    StatusClass, Stuck, TYPE, VERSION, What,
};

/// Buckets for operations that should take milliseconds, in seconds.
pub const SECONDS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// Buckets for an answer over HTTP, in seconds: few, since there are many routes; clients may wait
/// for a minute.
pub const ANSWER_SECONDS: &[f64] = &[0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0];
/// Buckets for the life of a process, in seconds: a tenth of a second to a week.
pub const LIFE_SECONDS: &[f64] = &[
    0.1, 1.0, 10.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0, 604_800.0,
];
/// Buckets for the size of a batch, in events.
pub const EVENTS: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0,
];

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A number that only grows.
    Counter,
    /// A number that goes up and down.
    Gauge,
    /// Observations, with these buckets.
    Histogram(&'static [f64]),
}

/// One metric.
#[derive(Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [Axis],
    /// Its help text, half a sentence.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident = $name:literal, $kind:expr, [$($axis:expr),*], $help:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`: ", $help, ".")]
            pub const $constant: &str = $name;
        )*

        /// Every metric, in the order of the documentation.
        pub static METRICS: &[Metric] = &[$(
            Metric { name: $name, kind: $kind, labels: &[$($axis),*], help: $help },
        )*];
    };
}

metrics! {
    DELIVERIES = "waybill_deliveries_total", Kind::Counter, [REDELIVERED],
        "Messages received from the broker";
    EVENTS_SETTLED = "waybill_events_total", Kind::Counter, [TYPE, Outcome::AXIS],
        "Settled deliveries, by outcome";
    IN_FLIGHT = "waybill_in_flight", Kind::Gauge, [],
        "Deliveries received and not yet settled";
    BATCH_EVENTS = "waybill_batch_events", Kind::Histogram(EVENTS), [],
        "Events in one batch";
    BATCH_CUT = "waybill_batch_cut_total", Kind::Counter, [CutReason::AXIS],
        "Batches, by why they were cut";
    BATCH_DURATION = "waybill_batch_duration_seconds", Kind::Histogram(SECONDS), [Phase::AXIS],
        "Time one phase of a batch took";
    EVENT_LATENCY = "waybill_event_latency_seconds", Kind::Histogram(SECONDS), [],
        "Time from an event to the commit of its effect";
    COMPLETION_LATENCY = "waybill_completion_latency_seconds", Kind::Histogram(SECONDS), [],
        "Time from the commit of a completion to its confirm";
    PROCESSES_OPENED = "waybill_processes_opened_total", Kind::Counter, [KIND],
        "Processes that were opened";
    PROCESSES_ENDED = "waybill_processes_ended_total", Kind::Counter, [KIND, STATUS],
        "Processes that were sealed, by their final status";
    PROCESSES_OPEN = "waybill_processes_open", Kind::Gauge, [KIND],
        "Processes that are not sealed";
    PROCESS_DURATION = "waybill_process_duration_seconds", Kind::Histogram(LIFE_SECONDS), [KIND, STATUS],
        "Time from opening to seal of a process";
    OLDEST_OPEN = "waybill_oldest_open_process_timestamp_seconds", Kind::Gauge, [KIND],
        "When the oldest open process was opened, 0 when none is open";
    PARKED_PUSHES = "waybill_parked_pushes", Kind::Gauge, [],
        "Pushes that wait for their stage";
    OUTBOX_PENDING = "waybill_outbox_pending", Kind::Gauge, [],
        "Rows that wait to be published";
    OUTBOX_OLDEST = "waybill_outbox_oldest_timestamp_seconds", Kind::Gauge, [],
        "When the oldest waiting row was committed, 0 when none waits";
    OUTBOX_STUCK = "waybill_outbox_stuck", Kind::Gauge, [Stuck::AXIS],
        "Messages that could not be delivered and are tried at long intervals";
    FEED_LAG = "waybill_feed_lag_seconds", Kind::Gauge, [],
        "How long the oldest committed event has waited for an open transaction before readers of the feed may see it";
    PUBLISHED = "waybill_published_total", Kind::Counter, [What::AXIS, Published::AXIS],
        "Messages published, by the broker's answer";
    DEAD_LETTERS = "waybill_dead_letters", Kind::Gauge, [REASON],
        "Dead letters that were neither replayed nor discarded";
    DEAD_LETTERED = "waybill_dead_letters_total", Kind::Counter, [REASON],
        "Messages that became dead letters";
    RETRIES = "waybill_retries_total", Kind::Counter, [RetryReason::AXIS],
        "Operations that were retried";
    CONNECTED = "waybill_connected", Kind::Gauge, [Dependency::AXIS],
        "1 while the dependency is connected";
    WRITES_REFUSED = "waybill_writes_refused", Kind::Gauge, [],
        "1 while the database answers but refuses everything that a worker writes";
    RECONNECTS = "waybill_reconnects_total", Kind::Counter, [Dependency::AXIS],
        "Attempts to reach a lost dependency again";
    PUBLISHER_BLOCKED = "waybill_publisher_blocked", Kind::Gauge, [],
        "1 while the broker accepts no messages";
    LAST_DELIVERY = "waybill_last_delivery_timestamp_seconds", Kind::Gauge, [],
        "When the last message was received, 0 before the first";
    TENANT_QUEUES_FAILING = "waybill_tenant_queues_failing", Kind::Gauge, [],
        "Tenants' own queues that this process does not consume from, although it should";
    BACKPRESSURE = "waybill_backpressure_seconds_total", Kind::Counter, [Backpressure::AXIS],
        "Time in which consuming paused, in whole seconds";
    POOL_CONNECTIONS = "waybill_db_pool_connections", Kind::Gauge, [PoolState::AXIS],
        "Connections to the database";
    JANITOR_SEALED = "waybill_janitor_sealed_total", Kind::Counter, [SealCause::AXIS],
        "Processes that the janitor sealed";
    RETENTION_DELETED = "waybill_retention_deleted_total", Kind::Counter, [],
        "Processes deleted past their retention";
    QUARANTINED = "waybill_quarantined", Kind::Gauge, [Quarantined::AXIS],
        "Processes in quarantine because they can't be sealed or deleted";
    FILES_CHANGED = "waybill_files_changed_total", Kind::Counter, [],
        "Files that were read and were not what had been stored";
    UNAUTHORIZED = "waybill_unauthorized_total", Kind::Counter, [],
        "Events applied although their publisher has no right to their tenant: `tenancy.mode` is `observe`";
    REPLY_TO_IGNORED = "waybill_reply_to_ignored_total", Kind::Counter, [],
        "Opening events whose `reply_to` is not one of `tenancy.reply_to`: they get no reply";
    TRACE_CONTEXT_INVALID = "waybill_trace_context_invalid_total", Kind::Counter, [],
        "Trace contexts ignored because they were malformed";
    HTTP_REQUESTS = "waybill_http_requests_total", Kind::Counter, [ROUTE, StatusClass::AXIS],
        "Requests of clients that were answered; a dialect is one route";
    HTTP_REQUEST_DURATION = "waybill_http_request_duration_seconds", Kind::Histogram(ANSWER_SECONDS), [ROUTE],
        "Time until a client's request began to be answered, including waits";
    AUTH_REFUSED = "waybill_auth_refused_total", Kind::Counter, [AuthRefused::AXIS],
        "Requests of clients that were refused: no valid key, a key without the scope, or too many";
    BUILD_INFO = "waybill_build_info", Kind::Gauge, [VERSION, REVISION],
        "1, labelled with the running version and revision";
}

/// The table of metrics in the documentation, as Markdown.
#[must_use]
pub fn metrics_table() -> String {
    let mut table = String::from(
        "| metric | type | meaning |
| --- | --- | --- |
",
    );
    for metric in METRICS {
        let keys: Vec<&str> = metric.labels.iter().map(|axis| axis.key).collect();
        let labels = match keys.as_slice() {
            [] => String::new(),
            keys => format!("{{{}}}", keys.join(",")),
        };
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        let _ = writeln!(
            table,
            "| `{}{labels}` | {kind} | {} |",
            metric.name, metric.help
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions() {
        for metric in METRICS {
            assert!(metric.name.starts_with("waybill_"), "{}", metric.name);
            let total = metric.name.ends_with("_total");
            assert_eq!(total, metric.kind == Kind::Counter, "{}", metric.name);
            assert!(!metric.help.ends_with('.'), "{}", metric.name);
        }
        let names: std::collections::BTreeSet<_> = METRICS.iter().map(|m| m.name).collect();
        assert_eq!(names.len(), METRICS.len());
    }

    #[test]
    fn the_table_names_labels() {
        let row = "| `waybill_events_total{type,outcome}` | counter |";
        assert!(metrics_table().contains(row));
    }
}
