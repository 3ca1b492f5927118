//! Ahgora's `unique`: one for all requests of a company that come shortly after one another, and
//! their sum.

use std::time::Duration;

use serde_json::json;

use super::records::{BOTH, BackEnd, basic, ended, people, process};
use crate::support::client::{served_as, served_with};
use crate::support::ground::Ground;

#[test]
fn a_unique_is_shared_by_all_requests_of_a_company_on_every_replica() {
    Ground::test("ahgora-unique", async |ground| {
        let (worker, client) = ground.answering().await;
        let (second, other) = ground.answering_as("api").await;
        let mut back_end = BackEnd::of(&ground, "north").await;
        let foreign = basic(&ground, &client, "south", &BOTH).await;
        let other = basic(&ground, &other, "north", &BOTH).await;
        let client = basic(&ground, &client, "north", &BOTH).await;

        let users = client.post("/ahgora/users", people(2)).await.record();
        assert_eq!(users["message"], "User\u{b4}s Integration on progress");
        let centres = other.post("/ahgora/costcenter/", people(3)).await.record();
        assert_eq!(centres["message"], "Cost center's Integration on progress");
        assert_eq!(users["unique"], centres["unique"]);
        assert_ne!(users["subunique"], centres["subunique"]);
        let elsewhere = foreign.post("/ahgora/users", people(1)).await.record();
        assert_ne!(elsewhere["unique"], users["unique"]);
        assert_eq!(elsewhere["company"], "south");

        let unique = users["unique"].as_str().expect("one");
        let whole = format!("unique={unique}&company=north");
        back_end.work(0, 2).await;
        let first = format!("subunique={}", users["subunique"].as_str().expect("one"));
        ended(&client, &format!("{first}&unique={unique}")).await;
        let half = process(&other, &whole).await.record();
        let error = json!({"identifier": "000000", "message": ["CPF Inválido"]});
        assert_eq!(
            half,
            json!({"data": {"errors": [error]}, "company": "north", "unique": unique,
                "subunique": "", "status": "processing", "progress": {"done": "2", "total": "5"}})
        );
        back_end.work(1, 2).await;
        let all = ended(&client, &whole).await;
        assert_eq!(
            (&all["status"], &all["progress"]),
            (&json!("warning"), &json!({"done": "5", "total": "5"}))
        );
        assert_eq!(all["data"]["errors"].as_array().map(Vec::len), Some(3));
        worker.stop().await;
        second.stop().await;
    });
}

#[test]
fn a_unique_sums_up_its_requests_up_to_a_limit() {
    served_as("ahgora-sum", "api", async |ground, client| {
        let insert = async |count: usize| {
            let rows = format!(
                "insert into waybill.process (key, tenant, token, kind, group_name)
                 select gen_random_uuid(), 'default', gen_random_uuid(), 'upload', 'many'
                 from generate_series(1, {count})"
            );
            ground.execute(&rows).await;
        };
        insert(10_000).await;
        let answer = process(&client, "unique=many").await.record();
        assert_eq!(answer["progress"], json!({"done": "0", "total": "10000"}));
        insert(1).await;
        let reply = process(&client, "unique=many").await;
        let message = &reply.json(400)["error"]["message"];
        let words = "the unique has more than 10000 requests; query one by its subunique";
        assert_eq!(message, words);
    });
}

#[test]
fn a_new_unique_begins_after_a_pause() {
    let validity = ["dialects.ahgora_validity=1s"];
    served_with("ahgora-new-unique", &validity, async |_, client| {
        let send = async || {
            let sent = client.post("/ahgora/absences", people(1)).await;
            sent.record()["unique"].clone()
        };
        let first = send().await;
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert_ne!(send().await, first);
    });
}

#[test]
fn a_unique_is_answered_until_its_validity_after_the_last_end() {
    let validity = ["dialects.ahgora_validity=3s"];
    served_with("ahgora-last-end", &validity, async |ground, client| {
        let mut back_end = BackEnd::of(&ground, "default").await;
        let first = client.post("/ahgora/people", people(1)).await.record();
        let second = client.post("/ahgora/people", people(1)).await.record();
        assert_eq!(first["unique"], second["unique"]);
        let [first, second] = [first, second].map(|begun| {
            let subunique = begun["subunique"].as_str().expect("one");
            format!("subunique={subunique}")
        });
        back_end.work(1, 2).await;
        ended(&client, &second).await;
        tokio::time::sleep(Duration::from_millis(3_100)).await;
        assert_eq!(process(&client, &second).await.status, 410);
        back_end.work(0, 2).await;
        let first = ended(&client, &first).await;
        let unique = format!("unique={}", first["unique"].as_str().expect("one"));
        let all = process(&client, &unique).await.record();
        assert_eq!(all["progress"], json!({"done": "2", "total": "2"}));
    });
}
