//! Processes as they were after each of their events: each step as a client could have seen it
//! then, and the last one as it sees it now.

use serde_json::{Value, json};
use waybill::wire::PlainEvent;

use super::process_batch::{answers, places, problem, token};
use crate::support::client::{Client, served};
use crate::support::ground::{Ground, until};
use crate::support::order_story::{OrderEvents, PURCHASE, apply, walk};
use crate::support::producer::Producer;
use crate::support::scenario::Scenario;
use crate::support::story::{TOKEN_MARK, step, stories, story};

const EVERY_PART: [&str; 7] = [
    "items", "steps", "errors", "events", "late", "stages", "data",
];

/// A process as it was after each of these events, read in one request.
async fn states_as_of(client: &Client, token: &str, places: &[String]) -> Vec<Value> {
    let request = |place: &String| json!({"token": token, "include": EVERY_PART, "as_of": place});
    let requests: Vec<_> = places.iter().map(request).collect();
    let answers = answers(client, &requests).await;
    answers
        .into_iter()
        .map(|mut answer| answer["process"].take())
        .collect()
}

/// The process with all its parts, once its completion is sent and its newest event is in the feed.
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
    Scenario::served("as-of-uploads", async |scenario, client| {
        scenario.events(&stories("as-of", 7)).await;
        for n in 0..7 {
            let token = token("as-of", n);
            let events = story("as-of", n);
            let places = places(&client, &token, events.len()).await;
            let newest = places.last().expect("a story has events");
            let now = now(&client, &token, newest).await;
            let states = states_as_of(&client, &token, &places).await;
            let mut done = 0;
            for (count, (state, place)) in states.iter().zip(&places).enumerate() {
                let has_ended = count + 1 == events.len();
                assert_eq!(state["ended_at"].is_string(), has_ended, "{state}");
                assert_eq!(state["sealed_at"].is_string(), has_ended, "{state}");
                assert_eq!(state["status"] == "running", !has_ended, "{state}");
                assert_eq!(state["completion"] == "none", !has_ended, "{state}");
                assert_eq!(state["counts"]["events"], count + 1);
                assert_eq!(state["events"].as_array().map(Vec::len), Some(count + 1));
                assert_eq!(state["cursor"], **place);
                let before = std::mem::replace(&mut done, number(&state["progress"]["done"]));
                assert!(before <= done, "{state}");
            }
            assert_eq!(states.last(), Some(&now));
        }
    });
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

#[test]
fn a_late_event_appears_from_itself_on_and_changes_nothing_before() {
    served("as-of-late", async |ground, client| {
        let mut producer = Producer::new(&ground);
        let events = story("as-of-late", 1);
        let token = token("as-of-late", 1);
        producer.events(&events).await;
        let before = places(&client, &token, events.len()).await;
        producer.events(&[step(&token, "too-late")]).await;
        let all = places(&client, &token, events.len() + 1).await;
        assert_eq!(all[..events.len()], before);
        let now = now(&client, &token, &all[events.len()]).await;
        let states = states_as_of(&client, &token, &all).await;
        let [.., running, ended, late] = states.as_slice() else {
            panic!("{states:?}");
        };
        assert_eq!(running["status"], "running");
        for (state, count) in [(running, 0), (ended, 0), (late, 1)] {
            assert_eq!(state["counts"]["late"], count, "{state}");
            assert_eq!(state["late"].as_array().map(Vec::len), Some(count));
        }
        for field in ["status", "ended_at", "items", "progress", "summary"] {
            assert_eq!(ended[field], late[field]);
        }
        assert_eq!(*late, now);
    });
}

/// An order as a client sees it after each event, and as it reads the same moments later.
async fn follow(
    client: &Client,
    producer: &mut Producer,
    events: &[PlainEvent],
) -> Vec<(Value, Value)> {
    let token = events[0].token.clone().expect("stories have tokens");
    let mut then = Vec::new();
    let mut known = Vec::new();
    for event in events {
        producer.events(std::slice::from_ref(event)).await;
        known = places(client, &token, known.len() + 1).await;
        let newest = known.last().expect("an event");
        then.push(now(client, &token, newest).await);
    }
    let later = states_as_of(client, &token, &known).await;
    then.into_iter().zip(later).collect()
}

fn stages(state: &Value) -> Vec<&str> {
    let places = state["order"]["stands_at"].as_array().expect("an order");
    let stages = places.iter().map(|place| place["stage"].as_str());
    stages.map(|stage| stage.expect("a stage")).collect()
}

#[test]
fn an_order_is_shown_at_its_stages_as_of_each_event() {
    Ground::test("as-of-order", async |ground| {
        apply(&ground, "purchase", PURCHASE).await;
        let (worker, client) = ground.answering().await;
        let mut producer = Producer::new(&ground);
        let events = walk(&format!("{TOKEN_MARK}-as-of-order"));
        let moments = follow(&client, &mut producer, &events).await;
        for (then, later) in &moments {
            assert_eq!(then, later);
        }
        let visited = moments.iter().map(|(_, later)| stages(later));
        let expected = [
            vec!["review"],
            vec!["finance", "stock"],
            vec!["stock"],
            vec!["close"],
            vec![],
        ];
        assert_eq!(visited.collect::<Vec<_>>(), expected);

        // The end leaves every open stage, at the time in the producer's event.
        let mut order = OrderEvents::new(&format!("{TOKEN_MARK}-as-of-cancelled"));
        order.open();
        order.push("review", Some("accepted"), json!({}));
        order.add("order.cancelled", json!({"reason": "sent again"}));
        for (then, later) in &follow(&client, &mut producer, &order.events).await {
            assert_eq!(then, later);
        }

        // The last push comes first and is parked: its form is seen too early, its stop is not.
        let mut events = walk(&format!("{TOKEN_MARK}-as-of-early"));
        events.swap(1, 4);
        for (then, later) in &follow(&client, &mut producer, &events).await {
            assert_eq!(stages(then), stages(later));
            for field in ["status", "counts", "opening", "events", "sealed_at"] {
                assert_eq!(then[field], later[field]);
            }
        }
        worker.stop().await;
    });
}

#[test]
fn an_invalid_as_of_is_a_problem_of_its_own_answer() {
    served("as-of-wrong", async |ground, client| {
        let mut producer = Producer::new(&ground);
        producer.events(&stories("as-of-wrong", 2)).await;
        let [one, other] = [0, 1].map(|n| token("as-of-wrong", n));
        let mine = places(&client, &one, story("as-of-wrong", 0).len()).await;
        let foreign = places(&client, &other, story("as-of-wrong", 1).len()).await;
        let zero = format!("c1{}", "0".repeat(28));
        let far = format!("c1{}", "7".to_owned() + &"f".repeat(19) + "7fffffff");
        let request = |token: &str, place: Value| json!({"token": token, "as_of": place, "include": ["counts"]});
        let requests = [
            request(&one, json!(mine[1])),
            request(&one, json!(foreign[1])),
            request(&one, json!(zero)),
            request(&one, json!(far)),
            request(&one, json!("now")),
            request(&one, json!(7)),
            request("unknown-token", json!(mine[0])),
            request(&one, Value::Null),
        ];
        let found = answers(&client, &requests).await;
        assert_eq!(found[0]["process"]["counts"]["events"], 2);
        for (place, answer) in found.iter().enumerate().skip(1).take(5) {
            let problem = problem(answer, 400, "invalid_body");
            let pointer = format!("#/requests/{place}/as_of");
            assert_eq!(problem["errors"][0]["pointer"], pointer);
        }
        problem(&found[6], 404, "not_found");
        assert_eq!(found[7]["process"]["counts"]["events"], mine.len());
    });
}
