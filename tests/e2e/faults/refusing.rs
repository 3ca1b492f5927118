//! A database that answers and keeps refusing: one message that it refuses becomes a dead letter once
//! another was committed, and where it refuses everything the worker waits, says so, and goes on.

use std::time::Duration;

use crate::support::ground::{Ground, run, until};
use crate::support::ops;
use crate::support::producer::Message;
use crate::support::scenario::Trial;
use crate::support::story::{step, stories};
use crate::support::worker::Worker;

const LETTERS: &str =
    "select count(*) from waybill.dead_letter where reason = 'refused_by_database'";
const CULPRIT: &str = "the-culprit";

/// A trigger on the log that raises an internal error for what fits a condition.
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
fn a_message_that_the_database_keeps_refusing_becomes_one_dead_letter_and_its_neighbours_commit() {
    run(async {
        let mut trial = Trial::shared("refused-one").await;
        refuse(&trial.ground, &format!("new.id = '{CULPRIT}'")).await;
        let mut messages: Vec<Message> =
            stories("beside", 100).iter().map(Message::event).collect();
        messages.insert(messages.len() / 3, culprit());
        trial.publish(messages).await;
        let worker = trial.ground.plan().start().await;
        trial.conclude(vec![worker]).await;
        assert_eq!(trial.ground.number(LETTERS).await, 1);
    });
}

#[test]
fn a_lone_message_is_refused_only_after_another_one_was_committed() {
    run(async {
        let mut trial = Trial::shared("refused-alone").await;
        refuse(&trial.ground, &format!("new.id = '{CULPRIT}'")).await;
        let worker = trial.ground.plan().start().await;
        trial.publish(vec![culprit()]).await;
        until("a worker that says what is wrong", async || {
            refuses(&worker).await.then_some(())
        })
        .await;
        assert_eq!(trial.ground.number(LETTERS).await, 0);
        // A single other message is enough, although the culprit's batch is still open.
        trial.events(&stories("after", 1)).await;
        until("the dead letter", async || {
            (trial.ground.number(LETTERS).await == 1).then_some(())
        })
        .await;
        until("a ready worker", async || {
            (worker.readiness().await == Some(200)).then_some(())
        })
        .await;
        trial.conclude(vec![worker]).await;
    });
}

#[test]
fn a_database_that_refuses_everything_makes_no_dead_letter_and_is_waited_for() {
    run(async {
        let mut trial = Trial::shared("refused-all").await;
        refuse(&trial.ground, "true").await;
        let worker = trial.ground.plan().start().await;
        trial.events(&stories("all", 50)).await;
        until("a worker that says what is wrong", async || {
            refuses(&worker).await.then_some(())
        })
        .await;
        assert_eq!(worker.metric("waybill_writes_refused", "").await, 1);
        let before = worker.metric("waybill_retries_total", "").await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        let after = worker.metric("waybill_retries_total", "").await;
        assert!(after - before < 30, "{} attempts in 10 s", after - before);
        assert_eq!(trial.ground.number(LETTERS).await, 0);
        accept(&trial.ground).await;
        trial.rest().await;
        assert_eq!(worker.readiness().await, Some(200));
        assert_eq!(worker.metric("waybill_writes_refused", "").await, 0);
        trial.conclude(vec![worker]).await;
        assert_eq!(trial.ground.number(LETTERS).await, 0);
    });
}

#[test]
fn a_worker_stops_cleanly_while_a_message_is_refused_and_the_message_comes_again() {
    run(async {
        let mut trial = Trial::shared("refused-stop").await;
        refuse(&trial.ground, &format!("new.id = '{CULPRIT}'")).await;
        let worker = trial.ground.plan().start().await;
        trial.publish(vec![culprit()]).await;
        until("a worker that says what is wrong", async || {
            refuses(&worker).await.then_some(())
        })
        .await;
        worker.stop().await;
        assert_eq!(trial.ground.ready("waybill.events.0").await, Some(1));
    });
}

async fn refuses(worker: &Worker) -> bool {
    let answer = ops::get(worker.address(), "/readyz").await;
    answer.is_some_and(|answer| {
        answer.status == 503 && answer.body.contains("database does not accept writes")
    })
}
