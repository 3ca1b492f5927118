//! What a test works with: a producer, a recorder, waiting until all work is done, and the checks.

use std::time::Instant;

use waybill::wire::PlainEvent;

use super::checker;
use super::checker::Expected;
use super::client::Client;
use super::ground::{Ground, PATIENCE, run};
use super::producer::{Message, Producer};
use super::recorder::Recorder;
use super::worker::{Plan, Worker, stop_all};

/// A ground with a producer and a recorder.
pub(crate) struct Scenario {
    pub(crate) ground: Ground,
    pub(crate) producer: Producer,
    pub(crate) recorder: Recorder,
}

impl Scenario {
    /// Runs a test on the shared servers.
    pub(crate) fn test(name: &str, test: impl AsyncFnOnce(Self)) {
        run(async { test(Self::shared(name).await).await });
    }

    /// Runs a test with a worker with the API and a client of it, and checks every invariant.
    pub(crate) fn served(name: &str, test: impl AsyncFnOnce(&mut Self, Client)) {
        run(async {
            let mut scenario = Self::shared(name).await;
            let (worker, client) = scenario.ground.answering().await;
            test(&mut scenario, client).await;
            scenario.finish(vec![worker]).await;
        });
    }

    pub(crate) async fn shared(name: &str) -> Self {
        Self::on(Ground::shared(name).await).await
    }

    pub(crate) async fn own(name: &str) -> Self {
        Self::on(Ground::own(name).await).await
    }

    pub(crate) async fn on(ground: Ground) -> Self {
        Self {
            producer: Producer::new(&ground),
            recorder: Recorder::of_completions(&ground).await,
            ground,
        }
    }

    pub(crate) fn plan(&self) -> Plan {
        self.ground.plan()
    }

    pub(crate) async fn events(&mut self, events: &[PlainEvent]) {
        self.producer.events(events).await;
    }

    pub(crate) async fn publish(&mut self, messages: Vec<Message>) {
        self.producer.publish(messages).await;
    }

    /// Waits until all work is done, stops the workers and checks every invariant.
    pub(crate) async fn finish(&self, workers: Vec<Worker>) {
        self.until_idle().await;
        stop_all(workers).await;
        self.check().await;
    }

    /// Waits until everything that was published is applied and everything due is published.
    pub(crate) async fn until_idle(&self) {
        let expected = Expected::of(&self.producer);
        let began = Instant::now();
        loop {
            let missing = self.missing(&expected).await;
            if missing.is_empty() {
                return;
            }
            if began.elapsed() > PATIENCE {
                let faults = checker::faults(&self.ground, &self.producer, &self.recorder).await;
                panic!("work is left: {missing:#?}\n{faults:#?}");
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    /// Checks every invariant; nothing may be running or waiting.
    pub(crate) async fn check(&self) {
        let unfinished = self.ground.ready("waybill.events.0").await;
        assert_eq!(unfinished, Some(0), "messages went back to the queue");
        let faults = checker::faults(&self.ground, &self.producer, &self.recorder).await;
        assert!(faults.is_empty(), "{faults:#?}");
        checker::assert_nothing_leaked(&self.ground);
    }

    async fn missing(&self, expected: &Expected) -> Vec<String> {
        let ground = &self.ground;
        let logged = "select count(*) from waybill.event where refused is null";
        let logged = ground.number(logged).await;
        let dead = ground.count("dead_letter").await;
        let sealed = "select count(*) from waybill.process where ended_at is not null";
        let sealed = ground.number(sealed).await;
        let outbox = ground.count("outbox").await;
        let ready = ground.ready("waybill.events.0").await.map_or(-1, i64::from);
        let completions = self.recorder.by_token().len();
        let completions = i64::try_from(completions).expect("few");
        let found = [
            ("events in the log", logged, expected.events),
            ("dead letters", dead, expected.dead),
            ("sealed processes", sealed, expected.sealed),
            ("completions", completions, expected.sealed),
            ("rows in the outbox", outbox, 0),
            ("messages ready", ready, 0),
        ];
        let wrong = found
            .into_iter()
            .filter(|(_, found, expected)| found != expected);
        wrong
            .map(|(what, found, expected)| format!("{what}: {found}, not {expected}"))
            .collect()
    }
}
