//! What happens to orders, as events: a sample workflow, and walks through it that end the same
//! in whatever order their events arrive.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;
use waybill::domain::ProcessKey;
use waybill::domain::order::Order;
use waybill::wire::PlainEvent;

use super::ground::{Ground, until};
use super::story::{SOURCE, TOKEN_MARK};

pub(crate) const PURCHASE: &str = r#"
name = "purchase"
start = ["review"]
[[form]]
id = "amount"
type = "number"
required = true
[stages.review]
next = { accepted = ["finance", "stock"], refused = ["review"] }
[stages.finance]
next = ["close"]
[[stages.finance.form]]
id = "centre"
type = "text"
[stages.stock]
next = ["close"]
[stages.close]
join = "all"
[[stages.close.form]]
id = "note"
type = "text"
required = true
"#;

/// Of so many orders one is refused and reviewed again.
const REFUSED_ONE_IN: usize = 3;

pub(crate) struct Teller {
    pub(crate) token: String,
    pub(crate) told: Vec<PlainEvent>,
}

impl Teller {
    pub(crate) fn new(token: &str) -> Self {
        Self {
            token: token.to_owned(),
            told: Vec::new(),
        }
    }

    /// Opens it with a form that fits.
    pub(crate) fn open(&mut self) {
        let data = json!({"workflow_id": "purchase", "form": {"amount": 12.5}});
        self.tell("order.opened", data);
    }

    pub(crate) fn tell(&mut self, type_: &str, data: Value) {
        let number = self.told.len();
        let start: Timestamp = "2026-01-31T12:00:00Z".parse().expect("a time");
        let after = SignedDuration::from_secs(i64::try_from(number).expect("few"));
        self.told.push(PlainEvent {
            id: format!("{}-{number}", self.token),
            ..PlainEvent::new(SOURCE, type_, &self.token, start + after, data)
        });
    }

    pub(crate) fn push(&mut self, stage: &str, outcome: Option<&str>, form: Value) {
        let data = match outcome {
            Some(outcome) => json!({"stage": stage, "outcome": outcome, "form": form}),
            None => json!({"stage": stage, "form": form}),
        };
        self.tell("order.pushed", data);
    }

    /// Leaves one stop of a stage to which the order comes back.
    fn review(&mut self, number: u32, outcome: &str) {
        let id = self.stop("review", number).to_string();
        self.tell("order.pushed", json!({"data_id": id, "outcome": outcome}));
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
    let mut teller = Teller::new(token);
    teller.open();
    teller.push("review", Some("accepted"), json!({}));
    teller.branches_and_close();
    teller.told
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
        let mut teller = Teller::new(&format!("{TOKEN_MARK}-{tag}-{n}"));
        teller.open();
        let mut reviews = 1;
        if n.is_multiple_of(REFUSED_ONE_IN) {
            teller.review(reviews, "refused");
            reviews += 1;
        }
        teller.review(reviews, "accepted");
        teller.branches_and_close();
        let once = ["finance", "stock", "close"].map(|stage| teller.stop(stage, 1));
        self.stops.extend(once);
        let reviewed = (1..=reviews).map(|number| teller.stop("review", number));
        self.stops.extend(reviewed);
        self.tokens.push(teller.token);
        teller.told
    }
}

pub(crate) async fn apply(ground: &Ground, name: &str, text: &str) {
    let store = ground.store();
    let applied = store.apply_workflows(&[(name, text)]).await;
    applied.expect("a workflow");
}

/// Waits until so many orders are done.
pub(crate) async fn ended(ground: &Ground, count: i64) {
    let done = "select count(*) from waybill.process where status = 'done'";
    reaches(ground, "every order done", done, count).await;
}

/// Waits until nothing is left to publish.
pub(crate) async fn published(ground: &Ground) {
    let left = "select count(*) from waybill.outbox";
    reaches(ground, "an empty outbox", left, 0).await;
}

/// Waits until a query's number is the one.
pub(crate) async fn reaches(ground: &Ground, what: &str, query: &str, number: i64) {
    until(what, async || {
        (ground.number(query).await == number).then_some(())
    })
    .await;
}
