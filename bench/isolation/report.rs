//! The cost of the failing destination for the healthy one, in tables and as verdicts.

use serde_json::{Value, json};

use super::{Closed, FOUND_OUT, Open, Outcome, Recovery};
use crate::latency::Latency;
use crate::report::{Verdict, latency};

/// What the healthy parts may lose.
const LOSS_MAX: f64 = 0.2;
const HEALTHY: &str = "every destination confirms";
const FAILING: &str = "one in ten completions is not confirmed";

/// Rows for people.
pub(crate) fn table(isolation: &Outcome) -> Vec<String> {
    let closed = |what: &str, run: &Closed| {
        format!(
            "| {what} | {:.0} | {:.2} | {:.2} | {:.1} | {} |",
            run.events_per_second(),
            run.ended_seconds,
            run.received_seconds,
            run.recovery.seconds,
            run.recovery.repeated
        )
    };
    let found = format!("due after {} s", FOUND_OUT.as_secs());
    let row = |what: &str, which: &str, latency: &Latency| latency.row(&format!("{what}: {which}"));
    let open = |what: &str, run: &Open| {
        [
            row(what, "the sender behind its plan", &run.sender),
            row(what, "healthy completions", &run.to_completion),
            row(what, &format!("those {found}"), &run.found_out),
        ]
    };
    let mut lines = vec![
        "| isolation, closed loop | events/s of all uploads | s to the last end | s to the last healthy completion | s of recovery | repeated |".to_owned(),
        "| --- | ---: | ---: | ---: | ---: | ---: |".to_owned(),
        closed(HEALTHY, &isolation.closed.healthy),
        closed(FAILING, &isolation.closed.failing),
        String::new(),
        format!("| isolation, open loop, {} events/s | p50 ms | p99 ms | max ms |", isolation.rate),
        "| --- | ---: | ---: | ---: |".to_owned(),
    ];
    lines.extend(open(HEALTHY, &isolation.open.healthy));
    lines.extend(open(FAILING, &isolation.open.failing));
    lines.push(String::new());
    let recovery = &isolation.open.failing.recovery;
    lines.push(format!(
        "After the open loop the failing queue had all of its completions {:.1} s after its recovery; {} came more than once.",
        recovery.seconds, recovery.repeated
    ));
    lines.push(String::new());
    lines
}

/// The targets.
pub(crate) fn verdicts(isolation: &Outcome) -> Vec<Verdict> {
    let (closed, open) = (&isolation.closed, &isolation.open);
    let speed = closed.failing.events_per_second() / closed.healthy.events_per_second();
    let received = closed.failing.received_seconds / closed.healthy.received_seconds;
    let found = format!("healthy completions due after {} s", FOUND_OUT.as_secs());
    let mut verdicts = vec![
        Verdict::new(
            speed >= 1.0 - LOSS_MAX,
            format!(
                "beside a failing destination {:.0} % of the events/s, target {:.0} %",
                speed * 100.0,
                (1.0 - LOSS_MAX) * 100.0
            ),
        ),
        at_most("time until the last healthy completion", received),
    ];
    let both = |latency: fn(&Open) -> Latency| (latency(&open.failing), latency(&open.healthy));
    for (what, (failing, healthy)) in [
        (&*found, both(|run| run.found_out)),
        ("all healthy completions", both(|run| run.to_completion)),
    ] {
        verdicts.push(at_most(
            &format!("p50 of {what}"),
            failing.p50 / healthy.p50,
        ));
        verdicts.push(at_most(
            &format!("p99 of {what}"),
            failing.p99 / healthy.p99,
        ));
    }
    verdicts
}

fn at_most(what: &str, times: f64) -> Verdict {
    let target = 1.0 + LOSS_MAX;
    Verdict::new(
        times <= target,
        format!("beside a failing destination {times:.2} × the {what}, target {target:.1} ×"),
    )
}

/// The same as JSON.
pub(crate) fn json(isolation: &Outcome) -> Value {
    let recovery = |recovery: &Recovery| {
        json!({
            "seconds": recovery.seconds,
            "repeated": recovery.repeated,
            "broken": recovery.broken,
        })
    };
    let closed = |run: &Closed| {
        json!({
            "events": run.events,
            "events_per_second": run.events_per_second(),
            "ended_seconds": run.ended_seconds,
            "received_seconds": run.received_seconds,
            "recovery": recovery(&run.recovery),
        })
    };
    let open = |run: &Open| {
        json!({
            "sender_lag_ms": latency(&run.sender),
            "to_completion_ms": latency(&run.to_completion),
            "to_completion_once_found_out_ms": latency(&run.found_out),
            "recovery": recovery(&run.recovery),
        })
    };
    json!({
        "rate": isolation.rate,
        "closed": {
            "healthy": closed(&isolation.closed.healthy),
            "failing": closed(&isolation.closed.failing),
        },
        "open": {
            "healthy": open(&isolation.open.healthy),
            "failing": open(&isolation.open.failing),
        },
    })
}
