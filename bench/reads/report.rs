//! The results of the reads, in a table and as verdicts.

use serde_json::{Value, json};

use super::{Outcome, RATE};
use crate::report::{Verdict, latency};

/// Rows for people.
pub(crate) fn table(reads: &Outcome) -> Vec<String> {
    let plan = reads.plan;
    let (waybill, bare) = reads.fastest;
    let open = format!("record by token, {RATE}/s beside {} events/s", plan.load);
    vec![
        format!(
            "| reads, {} processes | p50 ms | p99 ms | max ms |",
            plan.processes
        ),
        "| --- | ---: | ---: | ---: |".to_owned(),
        reads.open.row(&open),
        reads
            .beside
            .0
            .row("batches of 1 beside them, one after the other"),
        reads
            .beside
            .1
            .row("batches of 100 beside them, one after the other"),
        reads.alone.0.row("batches of 1 alone"),
        reads.alone.1.row("batches of 100 alone"),
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
    let feed = speed.map(|speed| {
        Verdict::new(
            reads.feed >= speed,
            format!(
                "one reader of the feed gets {:.0} events/s, target the worker's {speed:.0}",
                reads.feed
            ),
        )
    });
    let reads = [
        Verdict::new(
            p99 <= 10.0,
            format!("record by token p99 {p99:.1} ms at {RATE} requests/s, target 10 ms"),
        ),
        Verdict::new(
            share >= 70.0,
            format!("records at {share:.0} % of the bare program, target 70 %"),
        ),
        Verdict::new(
            times <= 3.0,
            format!(
                "a batch of 100 takes {times:.1} × a single one, target 3 × (with nothing beside: {alone:.1} ×)"
            ),
        ),
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
