//! What happens to one order: it opens, forks into three branches, and closes where they join.

use waybill::domain::Status;

use super::Expected;

/// What every order walks through, and its name.
pub(crate) const WORKFLOW: (&str, &str) = (
    "fulfilment",
    r#"
name = "fulfilment"
start = ["split"]
form = [{ id = "amount", type = "number", required = true }]
[stages]
split = { next = ["pick", "invoice", "book"], form = [{ id = "split_by", type = "text" }] }
pick = { next = ["close"], form = [{ id = "pick_by", type = "text" }] }
invoice = { next = ["close"], form = [{ id = "invoice_by", type = "text" }] }
book = { next = ["close"], form = [{ id = "book_by", type = "text" }] }
close = { join = "all", form = [{ id = "close_by", type = "text" }] }
"#,
);
/// How many events it has.
pub(crate) const EVENTS: u32 = 6;
/// The stages in the order of their pushes; it stops at each once.
pub(crate) const STAGES: [&str; 5] = ["split", "pick", "invoice", "book", "close"];

/// The type of an event and the fields of its data.
pub(super) fn happening(order: u32, sequence: u32) -> (&'static str, String) {
    let stages = STAGES.into_iter().zip(1..);
    let pushed = stages.into_iter().find(|(_, number)| *number == sequence);
    match pushed {
        None => (
            "order.opened",
            format!(
                r#""workflow_id":"{}","form":{{"amount":{}}},"attributes":{{"desk":{}}}"#,
                WORKFLOW.0,
                order % 1_000,
                order % 7
            ),
        ),
        Some((stage, _)) => (
            "order.pushed",
            format!(
                r#""stage":"{stage}","form":{{"{stage}_by":"desk-{}"}}"#,
                order % 7
            ),
        ),
    }
}

/// How it must end.
pub(super) const fn expected() -> Expected {
    Expected {
        status: Status::Done,
        done: 0,
        total: None,
        failed: 0,
    }
}
