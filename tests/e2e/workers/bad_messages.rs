//! Bad messages hurt only themselves: each becomes one dead letter, its neighbours commit.

use crate::support::bad_messages::{bad, mixed};
use crate::support::ground::run;
use crate::support::hostile_messages;
use crate::support::producer::Message;
use crate::support::scenario::Trial;
use crate::support::story::{SOURCE, shuffled, step, stories, story};

#[test]
fn hostile_messages_are_refused_one_by_one_with_their_reason_and_their_bytes() {
    run(async {
        let mut trial = Trial::shared("hostile").await;
        let worker = trial.ground.plan().start().await;
        let mut messages = hostile_messages::refused();
        messages.extend(hostile_messages::accepted());
        let neighbours = stories("neighbour", 20);
        messages.extend(neighbours.iter().map(Message::event));
        trial.publish(messages).await;
        trial.rest().await;
        // Known identities with other content, and other tokens' kinds, are told and change nothing.
        let mut twin = neighbours[0].clone();
        twin.data = serde_json::json!({ "filename": "another" });
        let mut twin = Message::event(&twin);
        twin.event = None;
        twin.reason = Some("identity_conflict".to_owned());
        let mut other_kind = step(
            &neighbours[0].token.clone().unwrap_or_default(),
            "other-kind",
        );
        "order.step".clone_into(&mut other_kind.type_);
        let other_kind = other_kind.to_line();
        let other_kind = Message::bad("other-kind", other_kind.as_bytes(), "kind_mismatch");
        trial.publish(vec![twin, other_kind]).await;
        trial.conclude(vec![worker]).await;
    });
}

#[test]
fn ten_thousand_messages_with_few_and_many_bad_ones_lose_no_good_one() {
    run(async {
        let mut trial = Trial::shared("volume").await;
        let worker = trial
            .ground
            .plan()
            .with("batch.events", "100")
            .start()
            .await;
        let good: Vec<Message> = shuffled(stories("volume", 1_330), 3)
            .iter()
            .map(Message::event)
            .collect();
        let (few, rest) = good.split_at(good.len() - 2_500);
        trial.publish(mixed(few, 99, "few")).await;
        trial.publish(mixed(rest, 1, "many")).await;
        assert!(
            trial.producer.messages.len() >= 10_000,
            "{}",
            trial.producer.messages.len()
        );
        trial.conclude(vec![worker]).await;
    });
}

#[test]
fn what_only_the_database_refuses_is_found_and_its_neighbours_commit() {
    run(async {
        let mut trial = Trial::shared("refused").await;
        let check =
            "alter table waybill.event add constraint no_poison check (id not like '%poison%')";
        trial.ground.execute(check).await;
        let mut messages: Vec<Message> =
            stories("healthy", 60).iter().map(Message::event).collect();
        for (n, at) in [0, 77, 78, 201, messages.len()].into_iter().enumerate() {
            let event = step(&format!("poisoned-{n}"), &format!("poison-{n}"));
            let mut message = Message::event(&event);
            message.event = None;
            message.reason = Some("refused_by_database".to_owned());
            messages.insert(at, message);
        }
        trial.publish(messages).await;
        let worker = trial.ground.plan().start().await;
        trial.rest().await;
        assert!(
            worker
                .metric("waybill_retries_total", "reason=\"bisect\"")
                .await
                > 0
        );
        let ghosts = "select count(*) from waybill.process where token like 'poisoned%'";
        assert_eq!(
            trial.ground.number(ghosts).await,
            0,
            "a refused event made a record"
        );
        trial.conclude(vec![worker]).await;
    });
}

#[test]
fn nothing_but_bad_messages_and_nothing_but_repetitions_are_taken_in_stride() {
    run(async {
        let mut trial = Trial::shared("all-bad").await;
        let worker = trial.ground.plan().start().await;
        trial
            .publish((0..1_000).map(|n| bad("all", n)).collect())
            .await;
        let one = story("repeated", 0);
        let many: Vec<_> = (0..200).flat_map(|_| one.clone()).collect();
        trial.events(&many).await;
        trial.rest().await;
        assert!(many.iter().all(|event| event.source == SOURCE));
        let wanted = i64::try_from(many.len() - one.len()).expect("few");
        let duplicates = "outcome=\"duplicate\"";
        crate::support::ground::until("every repetition", async || {
            let seen = worker.metric("waybill_events_total", duplicates).await;
            (seen == wanted).then_some(())
        })
        .await;
        trial.conclude(vec![worker]).await;
    });
}
