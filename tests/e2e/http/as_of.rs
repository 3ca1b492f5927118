//! Processes as they were after each of their events: step by step what a client could have seen
//! then, and at the last one what it sees now.

use serde_json::{Value, json};
use waybill::wire::PlainEvent;

use super::process_batch::{answers, places, problem, token};
use crate::support::client::Client;
use crate::support::ground::{Ground, run, until};
use crate::support::order_story::{PURCHASE, Teller, apply, walk};
use crate::support::producer::Producer;
use crate::support::scenario::Trial;
use crate::support::story::{TOKEN_MARK, step, stories, story};

const EVERY_PART: [&str; 7] = [
    "items", "steps", "errors", "events", "late", "stages", "data",
];

/// A process as it was after each of these events, asked for in one call.
async fn stands(client: &Client, token: &str, places: &[String]) -> Vec<Value> {
    let request = |place: &String| json!({"token": token, "include": EVERY_PART, "as_of": place});
    let requests: Vec<_> = places.iter().map(request).collect();
    let answers = answers(client, &requests).await;
    answers
        .into_iter()
        .map(|mut answer| answer["process"].take())
        .collect()
}

/// The process with all its parts, once its completion and its newest event are known to all.
async fn now(client: &Client, token: &str, newest: &str) -> Value {
    let path = format!("/v1/processes/{token}?include={}", EVERY_PART.join(","));
    until("a record that will not change", async || {
        let record = client.get(&path).await.record();
        let settled = record["completion"] != "pending" && record["cursor"] == newest;
        settled.then_some(record)
    })
    .await
}

#[test]
fn uploads_grow_event_by_event_and_end_with_their_last() {
    run(async {
        let mut trial = Trial::shared("as-of-uploads").await;
        let (worker, client) = trial.ground.answering().await;
        trial.events(&stories("as-of", 7)).await;
        for n in 0..7 {
            let token = token("as-of", n);
            let told = story("as-of", n);
            let places = places(&client, &token, told.len()).await;
            let newest = places.last().expect("a story has events");
            let now = now(&client, &token, newest).await;
            let stands = stands(&client, &token, &places).await;
            let mut done = 0;
            for (count, (stand, place)) in stands.iter().zip(&places).enumerate() {
                let has_ended = count + 1 == told.len();
                assert_eq!(stand["ended_at"].is_string(), has_ended, "{stand}");
                assert_eq!(stand["sealed_at"].is_string(), has_ended, "{stand}");
                assert_eq!(stand["status"] == "running", !has_ended, "{stand}");
                assert_eq!(stand["completion"] == "none", !has_ended, "{stand}");
                assert_eq!(stand["counts"]["events"], count + 1);
                assert_eq!(stand["events"].as_array().map(Vec::len), Some(count + 1));
                assert_eq!(stand["cursor"], **place);
                let before = std::mem::replace(&mut done, number(&stand["progress"]["done"]));
                assert!(before <= done, "{stand}");
            }
            assert_eq!(stands.last(), Some(&now));
        }
        trial.conclude(vec![worker]).await;
    });
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

#[test]
fn what_came_late_is_seen_from_its_own_event_on_and_changes_nothing_before() {
    run(async {
        let ground = Ground::shared("as-of-late").await;
        let (worker, client) = ground.answering().await;
        let mut producer = Producer::new(&ground);
        let told = story("as-of-late", 1);
        let token = token("as-of-late", 1);
        producer.events(&told).await;
        let before = places(&client, &token, told.len()).await;
        producer.events(&[step(&token, "too-late")]).await;
        let all = places(&client, &token, told.len() + 1).await;
        assert_eq!(all[..told.len()], before);
        let now = now(&client, &token, &all[told.len()]).await;
        let stands = stands(&client, &token, &all).await;
        let [.., running, ended, late] = stands.as_slice() else {
            panic!("{stands:?}");
        };
        assert_eq!(running["status"], "running");
        for (stand, count) in [(running, 0), (ended, 0), (late, 1)] {
            assert_eq!(stand["counts"]["late"], count, "{stand}");
            assert_eq!(stand["late"].as_array().map(Vec::len), Some(count));
        }
        for field in ["status", "ended_at", "items", "progress", "summary"] {
            assert_eq!(ended[field], late[field]);
        }
        assert_eq!(*late, now);
        worker.stop().await;
    });
}

/// What a client sees of an order after each event, and what it sees of the same moments later.
async fn follow(
    client: &Client,
    producer: &mut Producer,
    told: &[PlainEvent],
) -> Vec<(Value, Value)> {
    let token = told[0].token.clone().expect("stories have tokens");
    let mut then = Vec::new();
    let mut known = Vec::new();
    for event in told {
        producer.events(std::slice::from_ref(event)).await;
        known = places(client, &token, known.len() + 1).await;
        let newest = known.last().expect("an event");
        then.push(now(client, &token, newest).await);
    }
    let later = stands(client, &token, &known).await;
    then.into_iter().zip(later).collect()
}

fn stages(stand: &Value) -> Vec<&str> {
    let places = stand["order"]["stands_at"].as_array().expect("an order");
    let stages = places.iter().map(|place| place["stage"].as_str());
    stages.map(|stage| stage.expect("a stage")).collect()
}

#[test]
fn an_order_is_seen_again_where_it_stood() {
    run(async {
        let ground = Ground::shared("as-of-order").await;
        apply(&ground, "purchase", PURCHASE).await;
        let (worker, client) = ground.answering().await;
        let mut producer = Producer::new(&ground);
        let told = walk(&format!("{TOKEN_MARK}-as-of-order"));
        let moments = follow(&client, &mut producer, &told).await;
        for (then, later) in &moments {
            assert_eq!(then, later);
        }
        let stood = moments.iter().map(|(_, later)| stages(later));
        let expected = [
            vec!["review"],
            vec!["finance", "stock"],
            vec!["stock"],
            vec!["close"],
            vec![],
        ];
        assert_eq!(stood.collect::<Vec<_>>(), expected);

        // The end leaves what is left, at a time that the producer told.
        let mut teller = Teller::new(&format!("{TOKEN_MARK}-as-of-cancelled"));
        teller.open();
        teller.push("review", Some("accepted"), json!({}));
        teller.tell("order.cancelled", json!({"reason": "sent again"}));
        for (then, later) in &follow(&client, &mut producer, &teller.told).await {
            assert_eq!(then, later);
        }

        // The last push comes first and waits: what it filled in is seen too early, its stop is not.
        let mut told = walk(&format!("{TOKEN_MARK}-as-of-early"));
        told.swap(1, 4);
        for (then, later) in &follow(&client, &mut producer, &told).await {
            assert_eq!(stages(then), stages(later));
            for field in ["status", "counts", "opening", "events", "sealed_at"] {
                assert_eq!(then[field], later[field]);
            }
        }
        worker.stop().await;
    });
}

#[test]
fn a_place_that_is_no_event_of_the_process_is_the_problem_of_its_own_answer() {
    run(async {
        let ground = Ground::shared("as-of-wrong").await;
        let (worker, client) = ground.answering().await;
        let mut producer = Producer::new(&ground);
        producer.events(&stories("as-of-wrong", 2)).await;
        let [one, other] = [0, 1].map(|n| token("as-of-wrong", n));
        let mine = places(&client, &one, story("as-of-wrong", 0).len()).await;
        let foreign = places(&client, &other, story("as-of-wrong", 1).len()).await;
        let nowhere = format!("c1{}", "0".repeat(28));
        let far = format!("c1{}", "7".to_owned() + &"f".repeat(19) + "7fffffff");
        let ask = |token: &str, place: Value| json!({"token": token, "as_of": place, "include": ["counts"]});
        let requests = [
            ask(&one, json!(mine[1])),
            ask(&one, json!(foreign[1])),
            ask(&one, json!(nowhere)),
            ask(&one, json!(far)),
            ask(&one, json!("now")),
            ask(&one, json!(7)),
            ask("nobody-spoke-of-it", json!(mine[0])),
            ask(&one, Value::Null),
        ];
        let found = answers(&client, &requests).await;
        assert_eq!(found[0]["process"]["counts"]["events"], 2);
        for (place, answer) in found.iter().enumerate().skip(1).take(5) {
            let told = problem(answer, 400, "invalid_body");
            let pointer = format!("#/requests/{place}/as_of");
            assert_eq!(told["errors"][0]["pointer"], pointer);
        }
        problem(&found[6], 404, "not_found");
        assert_eq!(found[7]["process"]["counts"]["events"], mine.len());
        worker.stop().await;
    });
}
