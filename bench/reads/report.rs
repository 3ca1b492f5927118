//! The results of the reads, in a table and as verdicts.

use serde_json::{Value, json};

use super::{Outcome, RATE};
use crate::report::{Verdict, latency};

/// Rows for people.
pub(crate) fn table(reads: &Outcome) -> Vec<String> {
    let plan = reads.plan;
    let row = |what: &str, latency: &crate::latency::Latency| {
        let (p50, p99, max) = (latency.p50, latency.p99, latency.max);
        format!("| {what} | {p50:.1} | {p99:.1} | {max:.1} |")
    };
    let (waybill, bare) = reads.fastest;
    let open = format!("record by token, {RATE}/s beside {} events/s", plan.load);
    vec![
        format!(
            "| reads, {} processes | p50 ms | p99 ms | max ms |",
            plan.processes
        ),
        "| --- | ---: | ---: | ---: |".to_owned(),
        row(&open, &reads.open),
        row(
            "batches of 1 beside them, one after the other",
            &reads.beside.0,
        ),
        row(
            "batches of 100 beside them, one after the other",
            &reads.beside.1,
        ),
        row("batches of 1 alone", &reads.alone.0),
        row("batches of 100 alone", &reads.alone.1),
        String::new(),
        format!(
            "Records by token at most: {waybill:.0}/s, the bare program {bare:.0}/s. One reader of the feed: {:.0} events/s.",
            reads.feed
        ),
        String::new(),
    ]
}

/// The targets; `speed` is the worker's, in events a second.
pub(crate) fn verdicts(reads: &Outcome, speed: Option<f64>) -> Vec<Verdict> {
    let (waybill, bare) = reads.fastest;
    let share = waybill / bare * 100.0;
    let times = reads.beside.1.p50 / reads.beside.0.p50;
    let alone = reads.alone.1.p50 / reads.alone.0.p50;
    let p99 = reads.open.p99;
    let feed = speed.map(|speed| Verdict {
        text: format!(
            "one reader of the feed gets {:.0} events/s, target the worker's {speed:.0}",
            reads.feed
        ),
        met: reads.feed >= speed,
    });
    let reads = [
        Verdict {
            text: format!("record by token p99 {p99:.1} ms at {RATE} requests/s, target 10 ms"),
            met: p99 <= 10.0,
        },
        Verdict {
            text: format!("records at {share:.0} % of the bare program, target 70 %"),
            met: share >= 70.0,
        },
        Verdict {
            text: format!(
                "a batch of 100 takes {times:.1} × a single one, target 3 × (with nothing beside: {alone:.1} ×)"
            ),
            met: times <= 3.0,
        },
    ];
    reads.into_iter().chain(feed).collect()
}

/// The same as JSON.
pub(crate) fn json(reads: &Outcome) -> Value {
    json!({
        "processes": reads.plan.processes,
        "load_events_per_second": reads.plan.load,
        "record_ms": latency(&reads.open),
        "records_per_second": reads.fastest.0,
        "bare_records_per_second": reads.fastest.1,
        "batch_of_1_ms": latency(&reads.beside.0),
        "batch_of_100_ms": latency(&reads.beside.1),
        "batch_of_1_alone_ms": latency(&reads.alone.0),
        "batch_of_100_alone_ms": latency(&reads.alone.1),
        "feed_events_per_second": reads.feed,
    })
}
