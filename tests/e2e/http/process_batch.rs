//! Many processes in one call: every request has its own answer in its position, independent of the
//! others.

use serde_json::{Value, json};
use waybill::domain::access::Scope;

use super::processes::keyed;
use crate::support::client::{Client, Reply, served_as};
use crate::support::ground::{holds, until};
use crate::support::scenario::Scenario;
use crate::support::story::{TOKEN_MARK, stories, story};

const PATH: &str = "/v1/processes/batch";
const EVERY_PART: &str = "items,steps,errors,events,late,stages,data";

/// The token of a story.
pub(crate) fn token(tag: &str, n: usize) -> String {
    format!("{TOKEN_MARK}-{tag}-{n}")
}

/// The cursors of a process's events, once the feed has `count`.
pub(crate) async fn places(client: &Client, token: &str, count: usize) -> Vec<String> {
    let path = format!("/v1/events?limit=1000&token={token}");
    until("every event in the feed", async || {
        let page = client.get(&path).await.record();
        let events = page["events"].as_array()?;
        let cursor = |event: &Value| event["cursor"].as_str().map(str::to_owned);
        let cursors: Option<Vec<_>> = events.iter().map(cursor).collect();
        cursors.filter(|cursors| cursors.len() == count)
    })
    .await
}

pub(crate) async fn post_batch(client: &Client, body: &Value) -> Reply {
    let client = client.with("content-type", "application/json");
    client.send("POST", PATH, &body.to_string()).await
}

/// The answers to requests, one for each.
pub(crate) async fn answers(client: &Client, requests: &[Value]) -> Vec<Value> {
    let reply = post_batch(client, &json!({ "requests": requests })).await;
    let mut record = reply.record();
    let answers = record["answers"].take();
    let answers = answers.as_array().expect("answers").clone();
    assert_eq!(answers.len(), requests.len());
    for (answer, request) in answers.iter().zip(requests) {
        assert_eq!(answer["token"], request["token"], "{answer}");
        let both = (answer.get("process"), answer.get("problem"));
        assert!(
            matches!(both, (Some(_), None) | (None, Some(_))),
            "{answer}"
        );
    }
    answers
}

/// The problem of one answer.
pub(crate) fn problem<'a>(answer: &'a Value, status: u16, name: &str) -> &'a Value {
    let problem = &answer["problem"];
    let type_ = format!("urn:waybill:problem:{name}");
    assert_eq!(problem["type"], type_, "{answer}");
    assert_eq!(problem["status"], status, "{answer}");
    for text in ["title", "detail", "instance"] {
        assert!(problem[text].is_string(), "{answer}");
    }
    problem
}

#[test]
fn each_request_of_a_batch_is_answered_in_its_position_as_if_it_were_alone() {
    Scenario::served("batch-answers", async |scenario, client| {
        scenario.events(&stories("batch", 3)).await;
        let tokens: Vec<_> = (0..3).map(|n| token("batch", n)).collect();
        for (n, token) in tokens.iter().enumerate() {
            places(&client, token, story("batch", n).len()).await;
            let path = format!("/v1/processes/{token}");
            holds("a completion that is sent", async || {
                let record = client.get(&path).await.record();
                record["completion"] == "sent"
            })
            .await;
        }
        let every: Vec<&str> = EVERY_PART.split(',').collect();
        let requests = [
            json!({"token": tokens[2], "include": every}),
            json!({"token": "unknown-token"}),
            json!({"token": tokens[0], "include": null}),
            json!({"token": tokens[1], "include": ["all"]}),
            json!({"token": tokens[1], "include": ["items"]}),
            json!({"token": tokens[0], "include": ["steps"]}),
        ];
        let found = answers(&client, &requests).await;
        let alone = async |token: &str, include: &str| {
            let path = format!("/v1/processes/{token}?include={include}");
            client.get(&path).await.record()
        };
        assert_eq!(found[0]["process"], alone(&tokens[2], EVERY_PART).await);
        problem(&found[1], 404, "not_found");
        assert_eq!(found[2]["process"], alone(&tokens[0], "").await);
        problem(&found[3], 400, "invalid_body");
        assert_eq!(found[4]["process"], alone(&tokens[1], "items").await);
        assert_eq!(found[5]["process"], alone(&tokens[0], "steps").await);

        let many = vec![json!({"token": tokens[1]}); 100];
        for answer in answers(&client, &many).await {
            assert_eq!(answer["process"], alone(&tokens[1], "").await);
        }
        let (foreign, _) = keyed(&scenario.ground, &client, "other", &[Scope::Read]).await;
        problem(&answers(&foreign, &many[..1]).await[0], 404, "not_found");
        let (writing, _) = keyed(&scenario.ground, &client, "default", &[Scope::Write]).await;
        let refused = post_batch(&writing, &json!({"requests": many})).await;
        refused.problem(403, "forbidden");
    });
}

#[test]
fn an_invalid_request_of_a_batch_is_a_problem_of_its_own_answer() {
    served_as("batch-entries", "api", async |_, client| {
        for (request, pointers) in [
            (json!({}), vec!["token"]),
            (json!({"token": null}), vec!["token"]),
            (
                json!({"token": 7, "colour": "red"}),
                vec!["token", "colour"],
            ),
            (json!({"token": "t", "include": "items"}), vec!["include"]),
            (json!({"token": "t", "include": ["all"]}), vec!["include"]),
            (json!({"token": "t", "include": [1]}), vec!["include"]),
        ] {
            let requests = json!({"requests": [{"token": "t"}, request]});
            let answers = post_batch(&client, &requests).await.record()["answers"].take();
            problem(&answers[0], 404, "not_found");
            let problem = problem(&answers[1], 400, "invalid_body");
            assert_eq!(problem["instance"], format!("{PATH}#/requests/1"));
            let errors = problem["errors"].as_array().expect("faults");
            let places: Vec<_> = errors.iter().map(|error| &error["pointer"]).collect();
            let expected = pointers.iter().map(|name| format!("#/requests/1/{name}"));
            assert_eq!(
                json!(places),
                json!(expected.collect::<Vec<_>>()),
                "{request}"
            );
            let known = request["token"].as_str();
            assert_eq!(answers[1]["token"].as_str(), known, "{request}");
        }
        for wrong in [json!("t"), json!(["t"]), json!(null)] {
            let requests = json!({"requests": [wrong]});
            let answers = post_batch(&client, &requests).await.record()["answers"].take();
            let problem = problem(&answers[0], 400, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], "#/requests/0");
        }
    });
}

#[test]
fn an_invalid_batch_is_refused_with_a_pointer_to_each_fault() {
    served_as("batch-wrong", "api", async |_, client| {
        let one = json!({"token": "t"});
        for (body, pointers) in [
            (json!({}), vec!["#/requests"]),
            (json!({"requests": []}), vec!["#/requests"]),
            (json!({"requests": {"token": "t"}}), vec!["#/requests"]),
            (
                json!({"requests": vec![one.clone(); 101]}),
                vec!["#/requests"],
            ),
            (
                json!({"requests": [one], "a/b": 1, "c": 2}),
                vec!["#/a~1b", "#/c"],
            ),
            (json!([one]), vec!["#"]),
            (json!("requests"), vec!["#"]),
        ] {
            let problem = post_batch(&client, &body)
                .await
                .problem(400, "invalid_body");
            let errors = problem["errors"].as_array().expect("faults");
            let found: Vec<_> = errors.iter().map(|error| &error["pointer"]).collect();
            assert_eq!(found, pointers, "{body}");
        }
        let deep = format!("{{\"requests\":{}", "[".repeat(10_000));
        for text in [
            "",
            "{",
            "nonsense",
            "{\"requests\":[]}x",
            "\u{feff}{}",
            &deep,
        ] {
            let reply = client.send("POST", PATH, text).await;
            reply.problem(400, "invalid_body");
        }
        let reply = client.form(PATH, "requests=t").await;
        reply.problem(415, "unsupported_media_type");
        let large = json!({"requests": [{"token": "x".repeat(70_000)}]});
        post_batch(&client, &large).await.problem(413, "too_large");
        let longest = json!({"requests": vec![json!({"token": "x".repeat(200)}); 100]});
        assert_eq!(post_batch(&client, &longest).await.status, 200);

        // A token may equal the last part of the path.
        client.get(PATH).await.problem(404, "not_found");
        let put = client.request("PUT", PATH).await;
        put.problem(405, "method_not_allowed");
    });
}
