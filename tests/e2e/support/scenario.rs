//! One test's real work: a producer, an audience, and how it is brought to rest and judged.

use std::time::Instant;

use waybill::wire::PlainEvent;

use super::checker;
use super::checker::Expected;
use super::ground::{Ground, PATIENCE};
use super::producer::{Message, Producer};
use super::recorder::Audience;
use super::worker::Worker;

/// A ground with both independent ends on it.
pub(crate) struct Trial {
    pub(crate) ground: Ground,
    pub(crate) producer: Producer,
    pub(crate) audience: Audience,
}

impl Trial {
    pub(crate) async fn shared(name: &str) -> Self {
        Self::on(Ground::shared(name).await).await
    }

    pub(crate) async fn own(name: &str) -> Self {
        Self::on(Ground::own(name).await).await
    }

    pub(crate) async fn on(ground: Ground) -> Self {
        Self {
            producer: Producer::new(&ground),
            audience: Audience::of_completions(&ground).await,
            ground,
        }
    }

    pub(crate) async fn events(&mut self, events: &[PlainEvent]) {
        self.producer.events(events).await;
    }

    pub(crate) async fn publish(&mut self, messages: Vec<Message>) {
        self.producer.publish(messages).await;
    }

    /// Waits until all work is done, stops the workers and checks every invariant.
    pub(crate) async fn conclude(&self, workers: Vec<Worker>) {
        self.rest().await;
        for worker in workers {
            worker.stop().await;
        }
        self.judge().await;
    }

    /// Waits until everything that was published is applied and everything due is published.
    pub(crate) async fn rest(&self) {
        let expected = Expected::of(&self.producer);
        let began = Instant::now();
        loop {
            let missing = self.missing(&expected).await;
            if missing.is_empty() {
                return;
            }
            if began.elapsed() > PATIENCE {
                let faults = checker::faults(&self.ground, &self.producer, &self.audience).await;
                panic!("it did not come to rest: {missing:#?}\n{faults:#?}");
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    /// Checks every invariant; nothing may be running or waiting.
    pub(crate) async fn judge(&self) {
        let unfinished = self.ground.ready("waybill.events.0").await;
        assert_eq!(unfinished, Some(0), "messages went back to the queue");
        let faults = checker::faults(&self.ground, &self.producer, &self.audience).await;
        assert!(faults.is_empty(), "{faults:#?}");
        checker::assert_nothing_leaked(&self.ground);
    }

    async fn missing(&self, expected: &Expected) -> Vec<String> {
        let ground = &self.ground;
        let logged = "select count(*) from waybill.event where refused is null";
        let logged = ground.number(logged).await;
        let dead = ground
            .number("select count(*) from waybill.dead_letter")
            .await;
        let sealed = "select count(*) from waybill.process where ended_at is not null";
        let sealed = ground.number(sealed).await;
        let outbox = ground.number("select count(*) from waybill.outbox").await;
        let ready = ground.ready("waybill.events.0").await.map_or(-1, i64::from);
        let heard = self.audience.by_token().len();
        let heard = i64::try_from(heard).expect("few");
        let found = [
            ("events in the log", logged, expected.events),
            ("dead letters", dead, expected.dead),
            ("sealed processes", sealed, expected.sealed),
            ("completions", heard, expected.sealed),
            ("rows in the outbox", outbox, 0),
            ("messages ready", ready, 0),
        ];
        let wrong = found
            .into_iter()
            .filter(|(_, found, wanted)| found != wanted);
        wrong
            .map(|(what, found, wanted)| format!("{what}: {found}, not {wanted}"))
            .collect()
    }
}
