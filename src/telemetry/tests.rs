//! The exposition as Prometheus sees it: complete from the start, and balanced at every scrape.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use super::*;

fn telemetry() -> Telemetry {
    Telemetry::new(&Labels::SAMPLE).unwrap()
}

/// The value of one series.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find(|line| {
        line.strip_prefix(series)
            .is_some_and(|r| r.starts_with(' '))
    });
    let line = line.unwrap_or_else(|| panic!("no series {series}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// The lines of all series of a metric.
fn series<'a>(text: &'a str, metric: &str) -> impl Iterator<Item = &'a str> {
    text.lines().filter(move |line| {
        line.strip_prefix(metric)
            .is_some_and(|rest| rest.starts_with(['{', ' ']))
    })
}

/// The sum over all series of a metric.
fn sum(text: &str, metric: &str) -> f64 {
    series(text, metric)
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum()
}

#[test]
fn every_series_exists_at_zero_from_the_start() {
    let text = telemetry().render();
    let labels = Labels::SAMPLE;
    for metric in METRICS {
        let expected: usize = metric
            .labels
            .iter()
            .map(|axis| labels.values(axis).len())
            .product();
        let name = match metric.kind {
            Kind::Histogram(_) => format!("{}_count", metric.name),
            Kind::Counter | Kind::Gauge => metric.name.to_owned(),
        };
        assert_eq!(series(&text, &name).count(), expected, "{name}");
        let help = format!("# HELP {} ", metric.name);
        assert!(text.contains(&help), "{help}");
        let expected = f64::from(u8::from(metric.name == "waybill_build_info"));
        let difference = sum(&text, &name) - expected;
        assert!(difference.abs() < f64::EPSILON, "{name}");
    }
    assert!(value(&text, "process_resident_memory_bytes") > 0.0);
    assert!(text.contains("# TYPE waybill_event_latency_seconds histogram"));
    assert!(!text.contains("quantile="));
}

#[test]
fn deliveries_balance_at_every_scrape() {
    let telemetry = telemetry();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for worker in 0..4_u64 {
            let (telemetry, stop) = (telemetry.clone(), &stop);
            scope.spawn(move || {
                let mut round = worker;
                while !stop.load(Ordering::Relaxed) {
                    round += 1;
                    let fresh = round % 7 + 1;
                    telemetry.received_many(fresh, 1, Timestamp::UNIX_EPOCH);
                    telemetry.received(false, Timestamp::UNIX_EPOCH);
                    telemetry.settled("upload.items", Outcome::Applied, fresh);
                    telemetry.settled("order.step", Outcome::Late, 1);
                    if !round.is_multiple_of(5) {
                        telemetry.settled("unknown", Outcome::Returned, 1);
                    }
                }
            });
        }
        for _ in 0..2 {
            let (telemetry, stop) = (telemetry.clone(), &stop);
            scope.spawn(move || {
                let mut before = 0.0;
                for _ in 0..150 {
                    let text = telemetry.render();
                    let received = sum(&text, "waybill_deliveries_total");
                    let settled = sum(&text, "waybill_events_total");
                    let in_flight = value(&text, "waybill_in_flight");
                    assert!((received - settled - in_flight).abs() < 0.5);
                    assert!(received >= before && in_flight >= 0.0);
                    before = received;
                }
                stop.store(true, Ordering::Relaxed);
                assert!(before > 0.0);
            });
        }
    });
}

/// The series have these values.
fn check(telemetry: &Telemetry, expected: &str) {
    let text = telemetry.render();
    let lines: Vec<&str> = text.lines().collect();
    for expected in expected.trim().lines().map(str::trim) {
        assert!(lines.contains(&expected), "{expected} in {text}");
    }
}

#[test]
fn work_reaches_its_series() {
    let telemetry = telemetry();
    telemetry.batch_cut(CutReason::Idle, 7);
    telemetry.phase_done(Phase::Transaction, Duration::from_millis(3));
    telemetry.event_committed(Duration::from_millis(3));
    telemetry.completion_confirmed(Duration::from_millis(3));
    telemetry.processes_opened("upload", 4);
    telemetry.processes_ended(Ended {
        kind: "order",
        status: "done",
        durations: &[Duration::from_secs(70)],
    });
    telemetry.janitor_sealed(SealCause::Settle, 1);
    telemetry.retention_deleted(5);
    telemetry.returned(0);
    telemetry.upkeep();
    check(
        &telemetry,
        r#"
            waybill_batch_cut_total{reason="idle"} 1
            waybill_batch_events_bucket{le="5"} 0
            waybill_batch_events_bucket{le="10"} 1
            waybill_batch_duration_seconds_bucket{phase="transaction",le="0.005"} 1
            waybill_event_latency_seconds_count 1
            waybill_completion_latency_seconds_count 1
            waybill_processes_opened_total{kind="upload"} 4
            waybill_processes_ended_total{kind="order",status="done"} 1
            waybill_janitor_sealed_total{cause="settle"} 1
            waybill_retention_deleted_total 5
        "#,
    );
}

#[test]
fn errors_reach_their_series() {
    let telemetry = telemetry();
    telemetry.dead_lettered("too_large", 2);
    telemetry.dead_lettered("unknown to this version", 1);
    telemetry.published(What::Completion, Published::Unroutable, 3);
    telemetry.published(What::Reply, Published::Nacked, 1);
    telemetry.trace_context_invalid(1);
    telemetry.retried(RetryReason::Deadlock, &"deadlock detected");
    telemetry.connected(Dependency::Broker);
    telemetry.connected(Dependency::Database);
    telemetry.disconnected(Dependency::Database, &"reset by peer");
    telemetry.reconnecting(Dependency::Database, Duration::from_millis(50));
    telemetry.publisher_blocked(true);
    telemetry.backpressure(Backpressure::Outbox, Duration::from_millis(600));
    telemetry.backpressure(Backpressure::Outbox, Duration::from_millis(600));
    check(
        &telemetry,
        r#"
            waybill_dead_letters_total{reason="too_large"} 2
            waybill_dead_letters_total{reason="rejected"} 1
            waybill_published_total{what="completion",result="unroutable"} 3
            waybill_published_total{what="reply",result="nacked"} 1
            waybill_trace_context_invalid_total 1
            waybill_retries_total{reason="deadlock"} 1
            waybill_connected{dependency="broker"} 1
            waybill_connected{dependency="database"} 0
            waybill_reconnects_total{dependency="database"} 1
            waybill_publisher_blocked 1
            waybill_backpressure_seconds_total{cause="outbox"} 1
        "#,
    );
}

#[test]
fn gauges_are_shown_until_the_next_update() {
    let telemetry = telemetry();
    let time = Timestamp::from_microsecond(1_700_000_000_250_000).unwrap();
    telemetry.show_open("upload", 3, Some(time));
    telemetry.show_parked(2);
    telemetry.show_outbox(9, Some(time));
    telemetry.show_dead_letters(&[("too_deep", 1), ("from a newer version", 4)]);
    telemetry.show_dead_letters(&[("too_large", 2)]);
    telemetry.show_pool(Pool {
        idle: 1,
        used: 2,
        max: 8,
    });
    telemetry.received(true, time);
    check(
        &telemetry,
        r#"
            waybill_processes_open{kind="upload"} 3
            waybill_oldest_open_process_timestamp_seconds{kind="upload"} 1700000000.25
            waybill_parked_pushes 2
            waybill_outbox_pending 9
            waybill_outbox_oldest_timestamp_seconds 1700000000.25
            waybill_dead_letters{reason="too_deep"} 0
            waybill_dead_letters{reason="too_large"} 2
            waybill_dead_letters{reason="rejected"} 0
            waybill_db_pool_connections{state="used"} 2
            waybill_last_delivery_timestamp_seconds 1700000000.25
            waybill_deliveries_total{redelivered="true"} 1
        "#,
    );
}

/// Collects log lines in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_flood_of_one_message_is_one_line() {
    let (lines, telemetry) = (Lines::default(), telemetry());
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..1_000 {
            telemetry.dead_lettered("undecodable", 1);
        }
        telemetry.dead_lettered("too_deep", 1);
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("\"reason\":\"undecodable\""), "{text}");
}
