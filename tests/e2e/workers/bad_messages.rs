//! Bad messages affect no others: each becomes one dead letter, the others commit.

use crate::support::bad_messages::{bad, mixed};
use crate::support::hostile_messages;
use crate::support::producer::Message;
use crate::support::scenario::Scenario;
use crate::support::story::{SOURCE, shuffled, step, stories, story};

#[test]
fn hostile_messages_are_refused_one_by_one_with_their_reason_and_their_bytes() {
    Scenario::test("hostile", async |mut scenario| {
        let worker = scenario.plan().start().await;
        let mut messages = hostile_messages::refused();
        messages.extend(hostile_messages::accepted());
        let neighbours = stories("neighbour", 20);
        messages.extend(neighbours.iter().map(Message::event));
        scenario.publish(messages).await;
        scenario.until_idle().await;
        // A known identity with another content and an event of another kind become dead letters.
        let mut twin = neighbours[0].clone();
        twin.data = serde_json::json!({ "filename": "another" });
        let twin = Message::event(&twin).refused("identity_conflict");
        let mut other_kind = step(
            &neighbours[0].token.clone().unwrap_or_default(),
            "other-kind",
        );
        "order.step".clone_into(&mut other_kind.type_);
        let other_kind = other_kind.to_line();
        let other_kind = Message::bad("other-kind", other_kind.as_bytes(), "kind_mismatch");
        scenario.publish(vec![twin, other_kind]).await;
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn ten_thousand_messages_with_few_and_many_bad_ones_lose_no_good_one() {
    Scenario::test("volume", async |mut scenario| {
        let worker = scenario.plan().with("batch.events", "100").start().await;
        let good: Vec<Message> = shuffled(stories("volume", 1_330), 3)
            .iter()
            .map(Message::event)
            .collect();
        let (few, rest) = good.split_at(good.len() - 2_500);
        scenario.publish(mixed(few, 99, "few")).await;
        scenario.publish(mixed(rest, 1, "many")).await;
        assert!(
            scenario.producer.messages.len() >= 10_000,
            "{}",
            scenario.producer.messages.len()
        );
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn a_message_that_only_the_database_refuses_is_found_and_the_others_commit() {
    Scenario::test("refused", async |mut scenario| {
        let check =
            "alter table waybill.event add constraint no_poison check (id not like '%poison%')";
        scenario.ground.execute(check).await;
        let mut messages: Vec<Message> =
            stories("healthy", 60).iter().map(Message::event).collect();
        for (n, at) in [0, 77, 78, 201, messages.len()].into_iter().enumerate() {
            let event = step(&format!("poisoned-{n}"), &format!("poison-{n}"));
            messages.insert(at, Message::event(&event).refused("refused_by_database"));
        }
        scenario.publish(messages).await;
        let worker = scenario.plan().start().await;
        scenario.until_idle().await;
        assert!(worker.retries("bisect").await > 0);
        assert_eq!(
            scenario
                .ground
                .count("process where token like 'poisoned%'")
                .await,
            0,
            "a refused event created a record"
        );
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn only_bad_messages_and_only_duplicates_are_processed() {
    Scenario::test("all-bad", async |mut scenario| {
        let worker = scenario.plan().start().await;
        scenario
            .publish((0..1_000).map(|n| bad("all", n)).collect())
            .await;
        let one = story("repeated", 0);
        let many: Vec<_> = (0..200).flat_map(|_| one.clone()).collect();
        scenario.events(&many).await;
        scenario.until_idle().await;
        assert!(many.iter().all(|event| event.source == SOURCE));
        let expected = i64::try_from(many.len() - one.len()).expect("few");
        let duplicates = "outcome=\"duplicate\"";
        worker
            .counts("waybill_events_total", duplicates, expected)
            .await;
        scenario.finish(vec![worker]).await;
    });
}
