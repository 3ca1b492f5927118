//! A database that answers and keeps refusing: a message that it refuses becomes a dead letter once
//! another was committed; if it refuses everything the worker waits, reports it, and continues.

use std::time::Duration;

use crate::support::ground::{Ground, holds, reaches};
use crate::support::ops;
use crate::support::producer::Message;
use crate::support::scenario::Scenario;
use crate::support::story::{step, stories};
use crate::support::worker::Worker;

const DEAD_LETTERS: &str = "dead_letter where reason = 'refused_by_database'";
const CULPRIT: &str = "the-culprit";

/// A trigger on the log that raises an internal error for rows that match a condition.
async fn refuse(ground: &Ground, what: &str) {
    let refuse = format!(
        "create or replace function public.refuse() returns trigger language plpgsql as $$
         begin raise exception 'refused by a test' using errcode = 'XX000'; end $$;
         create or replace trigger refuse before insert on waybill.event
         for each row when ({what}) execute function public.refuse()"
    );
    ground.execute(&refuse).await;
}

async fn accept(ground: &Ground) {
    let accept = "drop trigger refuse on waybill.event";
    ground.execute(accept).await;
}

fn culprit() -> Message {
    let event = step("token-of-the-culprit", CULPRIT);
    Message::bad(CULPRIT, event.to_line().as_bytes(), "refused_by_database")
}

#[test]
fn a_message_the_database_keeps_refusing_becomes_one_dead_letter_and_the_others_commit() {
    Scenario::test("refused-one", async |mut scenario| {
        refuse(&scenario.ground, &format!("new.id = '{CULPRIT}'")).await;
        let mut messages: Vec<Message> =
            stories("beside", 100).iter().map(Message::event).collect();
        messages.insert(messages.len() / 3, culprit());
        scenario.publish(messages).await;
        let worker = scenario.plan().start().await;
        scenario.finish(vec![worker]).await;
        assert_eq!(scenario.ground.count(DEAD_LETTERS).await, 1);
    });
}

#[test]
fn a_single_message_is_dead_lettered_only_after_another_one_commits() {
    Scenario::test("refused-alone", async |mut scenario| {
        refuse(&scenario.ground, &format!("new.id = '{CULPRIT}'")).await;
        let worker = scenario.plan().start().await;
        scenario.publish(vec![culprit()]).await;
        reports_refusal(&worker).await;
        assert_eq!(scenario.ground.count(DEAD_LETTERS).await, 0);
        // A single other message is enough, although the culprit's batch is still open.
        scenario.events(&stories("after", 1)).await;
        reaches(&scenario.ground, DEAD_LETTERS, 1).await;
        worker.reports(200).await;
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn a_database_that_refuses_everything_causes_no_dead_letter() {
    Scenario::test("refused-all", async |mut scenario| {
        refuse(&scenario.ground, "true").await;
        let worker = scenario.plan().start().await;
        scenario.events(&stories("all", 50)).await;
        reports_refusal(&worker).await;
        assert_eq!(worker.metric("waybill_writes_refused", "").await, 1);
        let before = worker.metric("waybill_retries_total", "").await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        let after = worker.metric("waybill_retries_total", "").await;
        assert!(after - before < 30, "{} attempts in 10 s", after - before);
        assert_eq!(scenario.ground.count(DEAD_LETTERS).await, 0);
        accept(&scenario.ground).await;
        scenario.until_idle().await;
        assert_eq!(worker.readiness().await, Some(200));
        assert_eq!(worker.metric("waybill_writes_refused", "").await, 0);
        scenario.finish(vec![worker]).await;
        assert_eq!(scenario.ground.count(DEAD_LETTERS).await, 0);
    });
}

#[test]
fn a_worker_stops_cleanly_while_a_message_is_refused_and_the_message_is_requeued() {
    Scenario::test("refused-stop", async |mut scenario| {
        refuse(&scenario.ground, &format!("new.id = '{CULPRIT}'")).await;
        let worker = scenario.plan().start().await;
        scenario.publish(vec![culprit()]).await;
        reports_refusal(&worker).await;
        worker.stop().await;
        assert_eq!(scenario.ground.ready("waybill.events.0").await, Some(1));
    });
}

/// Waits until the worker reports the refusal.
async fn reports_refusal(worker: &Worker) {
    holds("a worker that reports the refusal", async || {
        let answer = ops::get(worker.address(), "/readyz").await;
        answer.is_some_and(|answer| {
            answer.status == 503 && answer.body.contains("database does not accept writes")
        })
    })
    .await;
}
