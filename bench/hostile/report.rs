//! What attacks cost the other tenant, in a table and as verdicts.

use serde_json::{Value, json};

use super::{Outcome, Run};
use crate::report::{Verdict, latency};

/// How many times its quiet latency the other tenant may have.
const TIMES_MAX: f64 = 2.0;

/// Rows for people.
pub(crate) fn table(hostile: &Outcome) -> Vec<String> {
    let Outcome { quiet, beside } = hostile;
    let rows = |when: &str, run: &Run| {
        [
            run.record.row(&format!("{when}: a record by token")),
            run.list.row(&format!("{when}: a list")),
            run.post
                .row(&format!("{when}: an event until the broker's confirm")),
        ]
    };
    let mut lines = vec![
        "| hostile tenant, another one's requests | p50 ms | p99 ms | max ms |".to_owned(),
        "| --- | ---: | ---: | ---: |".to_owned(),
    ];
    lines.extend(rows("quiet", quiet));
    lines.extend(rows("beside attacks", beside));
    lines.push(String::new());
    lines.push(format!(
        "The hostile tenant got {} answers meanwhile, refusals among them.",
        beside.attacks
    ));
    lines.push(String::new());
    lines
}

/// The targets.
pub(crate) fn verdicts(hostile: &Outcome) -> Vec<Verdict> {
    let Outcome { quiet, beside } = hostile;
    [
        ("records", quiet.record, beside.record),
        ("lists", quiet.list, beside.list),
        ("events", quiet.post, beside.post),
    ]
    .map(|(what, quiet, beside)| {
        let times = beside.p99 / quiet.p99;
        Verdict::new(
            times <= TIMES_MAX,
            format!(
                "beside a hostile tenant {times:.2} × the p99 of another one's {what}, target {TIMES_MAX:.0} ×"
            ),
        )
    })
    .into()
}

/// The same as JSON.
pub(crate) fn json(hostile: &Outcome) -> Value {
    let run = |run: &Run| {
        json!({
            "record_ms": latency(&run.record),
            "list_ms": latency(&run.list),
            "post_ms": latency(&run.post),
            "attacks": run.attacks,
        })
    };
    json!({ "quiet": run(&hostile.quiet), "beside": run(&hostile.beside) })
}
