//! The next systems of the demo's orders: told of every stage that is reached, they do the work and
//! push.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::audience::Tap;
use super::{orders, story};
use crate::broker::{BrokerError, Connection, topology};
use crate::clock;
use crate::wire::PlainEvent;

/// Above this an order is questioned, and an invoice goes to the head of the department.
const MUCH: f64 = 1_000.0;
/// What a questioned order is corrected to.
const MODEST: f64 = 900.0;
/// A week: how long a delivery takes.
const DELIVERY: SignedDuration = SignedDuration::from_hours(168);

/// A queue bound to every stage, gone with its connection.
pub(super) struct Clerk {
    tap: Tap,
}

/// Work: an order that has reached a stage.
#[derive(Debug, Deserialize)]
pub(super) struct Task {
    pub(super) token: String,
    pub(super) workflow: String,
    pub(super) stage: String,
    data_id: String,
    form: Value,
}

/// Binds a queue of its own to the stages.
pub(super) async fn listen(connection: &Connection) -> Result<Clerk, BrokerError> {
    let tap = Tap::open(connection, topology::STAGES_EXCHANGE).await?;
    Ok(Clerk { tap })
}

impl Clerk {
    /// The next task; `None` when the queue is gone. May be one of several branches.
    pub(super) async fn next(&mut self) -> Option<Task> {
        self.tap.next().await
    }
}

impl Task {
    /// The push that says it is done; `None` where nobody is there to do it. A stage that is told
    /// of twice gets the same event twice, and the second changes nothing.
    pub(super) fn push(&self) -> Option<PlainEvent> {
        let now = clock::now();
        let mut data = self.done(now)?;
        if let Some(data) = data.as_object_mut() {
            data.insert("data_id".to_owned(), json!(self.data_id));
        }
        Some(PlainEvent {
            id: format!("push-{}", self.data_id),
            ..PlainEvent::new(story::SOURCE, "order.pushed", &self.token, now, data)
        })
    }

    fn done(&self, now: Timestamp) -> Option<Value> {
        let number = |field: &str| self.form.get(field).and_then(Value::as_f64);
        let is = |field: &str, text: &str| self.form.get(field).is_some_and(|v| v == text);
        let outcome = |outcome: &str| Some(json!({ "outcome": outcome }));
        let form = |form: Value| Some(json!({ "form": form }));
        match (self.workflow.as_str(), self.stage.as_str()) {
            ("purchase", "review") if is("article", orders::VANITY) => outcome("refused"),
            ("purchase", "review") if number("amount")? > MUCH => outcome("unclear"),
            ("purchase", "review") => outcome("accepted"),
            ("purchase", "correct") => form(json!({ "amount": MODEST })),
            ("purchase", "finance") => form(json!({ "cost_centre": "A7" })),
            ("purchase", "stock") => form(json!({})),
            ("purchase", "buy") => {
                let delivery = now.saturating_add(DELIVERY).unwrap_or(now);
                form(json!({ "delivery": day(delivery) }))
            }
            ("invoice", "check") if is("number", orders::LOST) => None,
            ("invoice", "check") if number("total")? > MUCH => outcome("escalated"),
            ("invoice", "check" | "decide") => outcome("approved"),
            ("invoice", "pay") => form(json!({ "paid_on": day(now) })),
            _ => None,
        }
    }
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}
