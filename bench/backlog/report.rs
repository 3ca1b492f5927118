//! What a backlog costs the other tenant, in a table and as verdicts.

use serde_json::{Value, json};

use super::{Outcome, Run};
use crate::report::{Verdict, latency};

/// How many times its quiet latency the other tenant may have.
const TIMES_MAX: f64 = 2.0;

/// Rows for people.
pub(crate) fn table(backlog: &Outcome) -> Vec<String> {
    let Outcome {
        rate,
        events,
        quiet,
        beside,
        ..
    } = backlog;
    let row = |what: &str, run: &Run| {
        [
            run.sender
                .row(&format!("{what}: the sender behind its plan")),
            run.to_completion
                .row(&format!("{what}: planned sending to completion received")),
        ]
    };
    let mut lines = vec![
        format!("| backlog, another tenant's {rate} events/s | p50 ms | p99 ms | max ms |"),
        "| --- | ---: | ---: | ---: |".to_owned(),
    ];
    lines.extend(row("without", quiet));
    lines.extend(row(&format!("beside {events} events"), beside));
    lines.push(String::new());
    lines.push(format!(
        "After the last completion {} messages of the backlog were left; it was gone after {:.0} s, {:.0} events/s.",
        beside.left,
        beside.drained_seconds,
        *events as f64 / beside.drained_seconds
    ));
    lines.push(String::new());
    lines
}

/// The targets.
pub(crate) fn verdicts(backlog: &Outcome) -> Vec<Verdict> {
    let (quiet, beside) = (backlog.quiet.to_completion, backlog.beside.to_completion);
    let at_most = |what: &str, times: f64| {
        Verdict::new(
            times <= TIMES_MAX,
            format!(
                "beside a backlog of {} events {times:.2} × the {what} to another tenant's completions, target {TIMES_MAX:.0} ×",
                backlog.events
            ),
        )
    };
    vec![
        at_most("p50", beside.p50 / quiet.p50),
        at_most("p99", beside.p99 / quiet.p99),
    ]
}

/// The same as JSON.
pub(crate) fn json(backlog: &Outcome) -> Value {
    let run = |run: &Run| {
        json!({
            "sender_lag_ms": latency(&run.sender),
            "to_completion_ms": latency(&run.to_completion),
            "left": run.left,
            "drained_seconds": run.drained_seconds,
            "broken": run.broken,
        })
    };
    json!({
        "rate": backlog.rate,
        "events": backlog.events,
        "quiet": run(&backlog.quiet),
        "beside": run(&backlog.beside),
    })
}
