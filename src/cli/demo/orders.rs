//! The orders of the demo: how each is opened and how it must end. What happens between is up to the
//! [`clerk`](super::clerk).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::story::{Story, Teller, nth};
use crate::domain::Status;

/// What they walk through.
pub(super) const WORKFLOWS: [(&str, &str); 2] = [
    (
        "purchase",
        include_str!("../../../examples/workflows/purchase.toml"),
    ),
    (
        "invoice",
        include_str!("../../../examples/workflows/invoice.toml"),
    ),
];
/// An article that is always refused.
pub(super) const VANITY: &str = "golden chair";
/// The number of an invoice that nobody looks at.
pub(super) const LOST: &str = "lost";

/// What a sample shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plot {
    /// A purchase goes through both branches and the join.
    Bought,
    /// An invoice is paid.
    Paid,
    /// A purchase is sent back once, and goes through then.
    Questioned,
    /// A purchase is refused.
    Refused,
    /// An invoice is decided further up.
    Escalated,
    /// An invoice that nobody looks at, but for a push to a stage it does not have, is given up.
    Cancelled,
}

const PLOTS: [Plot; 6] = [
    Plot::Bought,
    Plot::Cancelled,
    Plot::Questioned,
    Plot::Paid,
    Plot::Refused,
    Plot::Escalated,
];

/// The `n`-th order, beginning now.
pub(super) fn story(n: usize, now: Timestamp) -> Story {
    let plot = nth(&PLOTS, n);
    let mut teller = Teller::new(now);
    teller.next("order.opened", opening(plot, n));
    if plot == Plot::Cancelled {
        teller.bad("order.pushed", json!({ "stage": "warehouse" }));
        teller.next("order.cancelled", json!({ "reason": "paid twice" }));
    }
    let ends = match plot {
        Plot::Cancelled => Status::Cancelled,
        Plot::Bought | Plot::Paid | Plot::Questioned | Plot::Refused | Plot::Escalated => {
            Status::Done
        }
    };
    teller.ends(ends)
}

fn opening(plot: Plot, n: usize) -> Value {
    let number = format!("R-{}", 4_700 + n);
    match plot {
        Plot::Bought => purchase("office chair", 120.5),
        Plot::Questioned => purchase("standing desk", 4_800.0),
        Plot::Refused => purchase(VANITY, 99.0),
        Plot::Paid => invoice(&number, 80.25),
        Plot::Escalated => invoice(&number, 12_000.0),
        Plot::Cancelled => invoice(LOST, 80.25),
    }
}

fn purchase(article: &str, amount: f64) -> Value {
    json!({
        "workflow_id": "purchase",
        "form": { "article": article, "amount": amount, "urgency": "normal" },
    })
}

fn invoice(number: &str, total: f64) -> Value {
    json!({
        "workflow_id": "invoice",
        "form": { "number": number, "total": total, "scan": "scan.pdf" },
        "attachments": [{ "name": "scan.pdf", "media_type": "application/pdf", "size": 48_213 }],
    })
}
