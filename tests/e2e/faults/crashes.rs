//! A worker that dies at any instant: its unacknowledged deliveries are processed by the next one,
//! once.

use waybill::pipeline::failpoint::CrashPoint;

use crate::support::bad_messages::mixed;
use crate::support::producer::Message;
use crate::support::scenario::Scenario;
use crate::support::story::{repeated, shuffled, stories};

#[test]
fn a_worker_killed_at_every_named_instant_loses_and_repeats_nothing_good_or_bad() {
    Scenario::test("crash-points", async |mut scenario| {
        let plan = scenario.plan().with("batch.events", "40");
        for (n, point) in CrashPoint::ALL.into_iter().enumerate() {
            let name = point.name();
            let events = shuffled(repeated(stories(name, 35), 9), n as u64);
            let messages: Vec<Message> = events.iter().map(Message::event).collect();
            let messages = mixed(&messages, 7, name);
            let crash = plan.clone().with("fault.crash_at", &format!("{name}:2"));
            let doomed = crash.launch().await;
            scenario.publish(messages).await;
            doomed.crashed().await;
        }
        let worker = plan.start().await;
        scenario.until_idle().await;
        assert!(worker.redelivered().await > 0);
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn a_worker_killed_repeatedly_loses_and_repeats_nothing() {
    Scenario::test("kills", async |mut scenario| {
        let plan = scenario.plan().with("batch.events", "60");
        for round in 0..4 {
            let tag = format!("kill{round}");
            let events = shuffled(stories(&tag, 80), round);
            let messages: Vec<Message> = events.iter().map(Message::event).collect();
            let messages = mixed(&messages, 1, &tag);
            let worker = plan.start().await;
            let publishing = scenario.publish(messages);
            let killing = async {
                worker.applies(101).await;
                worker.kill().await;
            };
            tokio::join!(publishing, killing);
        }
        let worker = plan.start().await;
        scenario.finish(vec![worker]).await;
    });
}
