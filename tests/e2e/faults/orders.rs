//! Orders while workers die: whichever worker processes the deliveries of a dead one, no stage is
//! entered twice, no join is missed, and every copy of a stage message has the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use uuid::Uuid;
use waybill::pipeline::failpoint::CrashPoint;
use waybill::wire::PlainEvent;

use crate::support::checker;
use crate::support::ground::{Ground, holds, reaches, run, until};
use crate::support::order_story::{
    OrderEvents, PURCHASE, Walks, apply, ended, published, purchasing,
};
use crate::support::producer::Producer;
use crate::support::recorder::{Received, Recorder};
use crate::support::story::{TOKEN_MARK, repeated, shuffled};
use crate::support::worker::{Worker, stop_all};

/// A producer, recorders, and what they must have received in the end.
struct Scenario {
    ground: Ground,
    producer: Producer,
    completions: Recorder,
    stages: Recorder,
    walks: Walks,
}

impl Scenario {
    async fn new(name: &str) -> Self {
        let ground = Ground::shared(name).await;
        apply(&ground, "purchase", PURCHASE).await;
        Self {
            producer: Producer::new(&ground),
            completions: Recorder::of_completions(&ground).await,
            stages: Recorder::of_stages(&ground).await,
            walks: Walks::default(),
            ground,
        }
    }

    /// Hot orders in any order of delivery, every third event twice.
    fn begin(&mut self, tag: &str, count: usize, seed: u64) -> Vec<PlainEvent> {
        shuffled(repeated(self.walks.begin(tag, count), 3), seed)
    }

    /// Waits until every order is done and published, stops the workers and checks every invariant.
    async fn finish(&self, workers: Vec<Worker>) {
        let (orders, stops) = (self.walks.tokens.len(), self.walks.stops.len());
        ended(&self.ground, i64::try_from(orders).expect("few")).await;
        published(&self.ground).await;
        holds("an empty queue", async || {
            self.ground.ready("waybill.events.0").await == Some(0)
        })
        .await;
        stop_all(workers).await;
        holds("every completion and announcement", async || {
            let entered = copies(&self.stages, |copy| copy.id.clone()).len();
            entered >= stops && self.completions.by_token().len() >= orders
        })
        .await;
        let returned = self.ground.ready("waybill.events.0").await;
        assert_eq!(returned, Some(0), "messages went back to the queue");
        let mut faults = checker::sets(&self.ground, &self.producer).await;
        faults.extend(checker::counters(&self.ground).await);
        assert!(faults.is_empty(), "{faults:#?}");
        self.check_stops().await;
        self.check_messages();
        checker::assert_nothing_leaked(&self.ground);
    }

    /// Waits until every order is done, or a worker dead.
    async fn done_or(&self, doomed: &mut Worker) {
        let done = "process where status = 'done'";
        let all = i64::try_from(self.walks.tokens.len()).expect("few");
        holds("every order done, or a crash", async || {
            doomed.is_gone() || self.ground.count(done).await == all
        })
        .await;
    }

    /// Publishes, and kills a worker as soon as it has done something; returns whether it had
    /// before every order was done without it.
    async fn kill_at_work(&mut self, events: &[PlainEvent], victim: &Worker) -> bool {
        let done = "process where status = 'done'";
        let all = i64::try_from(self.walks.tokens.len()).expect("few");
        let ground = &self.ground;
        let publishing = self.producer.events(events);
        let killing = async {
            let killed = until("some work, or every order done", async || {
                let works = victim.events("applied").await > 20;
                (works || ground.count(done).await == all).then_some(works)
            })
            .await;
            if killed {
                victim.signal("KILL").await;
            }
            killed
        };
        tokio::join!(publishing, killing).1
    }

    async fn check_stops(&self) {
        let rows = self
            .ground
            .rows("select data_id from waybill.stage where left_at is not null")
            .await;
        let found: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(sorted(found), sorted(self.walks.stops.clone()));
        for query in [
            "select count(*) from waybill.stage where left_at is null",
            "select count(*) - count(distinct (process, stage, number)) from waybill.stage",
            "select count(*) from waybill.process where status <> 'done'",
            "select count(*) from waybill.dead_letter",
            "select count(*) from waybill.parked",
        ] {
            assert_eq!(self.ground.number(query).await, 0, "{query}");
        }
    }

    fn check_messages(&self) {
        let entered = copies(&self.stages, |copy| copy.id.clone());
        let stops: BTreeSet<String> = self.walks.stops.iter().map(Uuid::to_string).collect();
        assert_eq!(entered.keys().cloned().collect::<BTreeSet<_>>(), stops);
        let ended = copies(&self.completions, |copy| copy.token.clone());
        let tokens: BTreeSet<String> = self.walks.tokens.iter().cloned().collect();
        assert_eq!(ended.keys().cloned().collect::<BTreeSet<_>>(), tokens);
        for copies in entered.values().chain(ended.values()) {
            let same = copies.iter().all(|copy| *copy == copies[0]);
            assert!(same, "the copies differ: {copies:?}");
        }
    }
}

#[test]
fn orders_survive_a_worker_that_is_killed_at_every_named_instant_beside_another() {
    run(async {
        let mut scenario = Scenario::new("order-crash-points").await;
        let plan = scenario.ground.plan().with("batch.events", "20");
        let steady = plan.start().await;
        for (n, point) in CrashPoint::ALL.into_iter().enumerate() {
            let name = point.name();
            let crash = plan.clone().with("fault.crash_at", &format!("{name}:2"));
            let mut doomed = crash.launch().await;
            doomed.ready_or_gone().await;
            // The other one may be so quick that this one needs more work to reach its end.
            let mut round = 0;
            while !doomed.is_gone() {
                let events = scenario.begin(&format!("{name}-{round}"), 40, n as u64);
                scenario.producer.events(&events).await;
                scenario.done_or(&mut doomed).await;
                round += 1;
            }
            doomed.crashed().await;
        }
        let restarted = plan.start().await;
        scenario.finish(vec![steady, restarted]).await;
    });
}

#[test]
fn orders_survive_workers_that_are_killed_repeatedly() {
    run(async {
        let mut scenario = Scenario::new("order-kills").await;
        let plan = scenario.ground.plan().with("batch.events", "30");
        let mut steady = plan.start().await;
        for round in 0..4 {
            let victim = plan.start().await;
            // The other one may be so quick that this one needs more work to get its share.
            for part in 0.. {
                let events = scenario.begin(&format!("kill{round}-{part}"), 80, round);
                if scenario.kill_at_work(&events, &victim).await {
                    break;
                }
            }
            victim.kill().await;
            if round == 1 {
                // No worker is left that has seen the first half.
                std::mem::replace(&mut steady, plan.start().await)
                    .kill()
                    .await;
            }
        }
        scenario.finish(vec![steady]).await;
    });
}

#[test]
fn an_order_that_is_cancelled_or_fails_leaves_every_stop_and_refuses_what_was_parked() {
    purchasing("order-endings", async |ground, mut producer| {
        let completions = Recorder::of_completions(&ground).await;
        let worker = ground.plan().start().await;
        let [mut cancelled, mut failed] = ["cancelled", "failed"].map(early_close);
        producer.events(&cancelled.events).await;
        producer.events(&failed.events).await;
        let parked = "parked";
        reaches(&ground, parked, 2).await;
        cancelled.add("order.cancelled", json!({"reason": "no longer needed"}));
        failed.add("order.failed", json!({"message": "sold out"}));
        producer.events(&cancelled.events[3..]).await;
        producer.events(&failed.events[3..]).await;
        completions.tokens(2).await;
        published(&ground).await;
        worker.stop().await;
        let of_both = |one: &str, other: &str| {
            let both = [(&cancelled, one), (&failed, other)];
            both.map(|(order, text)| (order.token.clone(), text.to_owned()))
        };
        let statuses = "select token, status from waybill.process order by token";
        let expected = of_both("cancelled", "error");
        assert_eq!(ground.pairs(statuses).await, expected);
        let dead_letters = "select token, reason from waybill.dead_letter order by token";
        let expected = of_both("stage_not_reached", "stage_not_reached");
        assert_eq!(ground.pairs(dead_letters).await, expected);
        assert_eq!(ground.count("stage where left_at is null").await, 0);
        assert_eq!(
            ground.count("stage where stage <> 'close'").await,
            6,
            "review and both branches"
        );
        assert_eq!(ground.count(parked).await, 0);
        let faults = checker::counters(&ground).await;
        assert!(faults.is_empty(), "{faults:#?}");
    });
}

/// An order at both branches, with the push of the join before its time.
fn early_close(tag: &str) -> OrderEvents {
    let mut order = OrderEvents::new(&format!("{TOKEN_MARK}-{tag}"));
    order.open();
    order.push("review", Some("accepted"), json!({}));
    order.push("close", None, json!({"note": "too early"}));
    order
}

/// Every copy that was received, grouped by a key.
fn copies(
    recorder: &Recorder,
    key: impl Fn(&Received) -> String,
) -> BTreeMap<String, Vec<Received>> {
    let mut copies: BTreeMap<String, Vec<Received>> = BTreeMap::new();
    for copy in recorder.received() {
        copies.entry(key(&copy)).or_default().push(copy);
    }
    copies
}

fn sorted(mut ids: Vec<Uuid>) -> Vec<Uuid> {
    ids.sort_unstable();
    ids
}
