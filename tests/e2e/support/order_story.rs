//! The events of sample orders: a workflow, and walks through it that end the same in whatever
//! sequence their events arrive.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;
use waybill::domain::ProcessKey;
use waybill::domain::order::Order;
use waybill::wire::PlainEvent;

use super::ground::{Ground, reaches};
use super::producer::Producer;
use super::story::{SOURCE, TOKEN_MARK};

pub(crate) const PURCHASE: &str = r#"
name = "purchase"
start = ["review"]
form = [{ id = "amount", type = "number", required = true }]
[stages]
review = { next = { accepted = ["finance", "stock"], refused = ["review"] } }
finance = { next = ["close"], form = [{ id = "centre", type = "text" }] }
stock = { next = ["close"] }
close = { join = "all", form = [{ id = "note", type = "text", required = true }] }
"#;

/// One of this many orders is refused and reviewed again.
const REFUSED_ONE_IN: usize = 3;

pub(crate) struct OrderEvents {
    pub(crate) token: String,
    pub(crate) events: Vec<PlainEvent>,
}

impl OrderEvents {
    pub(crate) fn new(token: &str) -> Self {
        Self {
            token: token.to_owned(),
            events: Vec::new(),
        }
    }

    /// Opens it with a form that fits.
    pub(crate) fn open(&mut self) {
        let data = json!({"workflow_id": "purchase", "form": {"amount": 12.5}});
        self.add("order.opened", data);
    }

    pub(crate) fn add(&mut self, type_: &str, data: Value) {
        let number = self.events.len();
        let start: Timestamp = "2026-01-31T12:00:00Z".parse().expect("a time");
        let after = SignedDuration::from_secs(i64::try_from(number).expect("few"));
        self.events.push(PlainEvent {
            id: format!("{}-{number}", self.token),
            ..PlainEvent::new(SOURCE, type_, &self.token, start + after, data)
        });
    }

    pub(crate) fn push(&mut self, stage: &str, outcome: Option<&str>, form: Value) {
        let data = match outcome {
            Some(outcome) => json!({"stage": stage, "outcome": outcome, "form": form}),
            None => json!({"stage": stage, "form": form}),
        };
        self.add("order.pushed", data);
    }

    /// Leaves one stop of a stage that the order enters again.
    fn review(&mut self, number: u32, outcome: &str) {
        let id = self.stop("review", number).to_string();
        self.add("order.pushed", json!({"data_id": id, "outcome": outcome}));
    }

    fn stop(&self, stage: &str, number: u32) -> Uuid {
        let process = ProcessKey::of("default", &self.token);
        Order::data_id(process, stage, number)
    }

    fn branches_and_close(&mut self) {
        self.push("finance", None, json!({"centre": "A7"}));
        self.push("stock", None, json!({}));
        self.push("close", None, json!({"note": "bought"}));
    }
}

/// An order that is accepted at once and walks to its end.
pub(crate) fn walk(token: &str) -> Vec<PlainEvent> {
    let mut order = OrderEvents::new(token);
    order.open();
    order.push("review", Some("accepted"), json!({}));
    order.branches_and_close();
    order.events
}

/// Orders that walk to their end, and every stop they make, by its name.
#[derive(Default)]
pub(crate) struct Walks {
    pub(crate) tokens: Vec<String>,
    pub(crate) stops: Vec<Uuid>,
}

impl Walks {
    /// More orders; tokens of different tags differ.
    pub(crate) fn begin(&mut self, tag: &str, count: usize) -> Vec<PlainEvent> {
        (0..count).flat_map(|n| self.one(tag, n)).collect()
    }

    fn one(&mut self, tag: &str, n: usize) -> Vec<PlainEvent> {
        let mut order = OrderEvents::new(&format!("{TOKEN_MARK}-{tag}-{n}"));
        order.open();
        let mut reviews = 1;
        if n.is_multiple_of(REFUSED_ONE_IN) {
            order.review(reviews, "refused");
            reviews += 1;
        }
        order.review(reviews, "accepted");
        order.branches_and_close();
        let once = ["finance", "stock", "close"].map(|stage| order.stop(stage, 1));
        self.stops.extend(once);
        let reviewed = (1..=reviews).map(|number| order.stop("review", number));
        self.stops.extend(reviewed);
        self.tokens.push(order.token);
        order.events
    }
}

pub(crate) async fn apply(ground: &Ground, name: &str, text: &str) {
    let store = ground.store();
    let applied = store.apply_workflows(&[(name, text)]).await;
    applied.expect("a workflow");
}

/// Runs a test with the workflow of these orders, and a producer.
pub(crate) fn purchasing(name: &str, test: impl AsyncFnOnce(Ground, Producer)) {
    Ground::test(name, async |ground| {
        apply(&ground, "purchase", PURCHASE).await;
        let producer = Producer::new(&ground);
        test(ground, producer).await;
    });
}

/// Waits until `count` orders are done.
pub(crate) async fn ended(ground: &Ground, count: i64) {
    reaches(ground, "process where status = 'done'", count).await;
}

/// Waits until nothing is left to publish.
pub(crate) async fn published(ground: &Ground) {
    reaches(ground, "outbox", 0).await;
}
