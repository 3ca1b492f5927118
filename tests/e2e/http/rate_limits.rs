//! Who asks too often is told when to come again, and whose key ends is heard of no more.

use waybill::domain::access::Scope;

use super::processes::keyed;
use crate::support::ground::{Ground, run};
use crate::support::scenario::Trial;
use crate::support::story::{TOKEN_MARK, stories};

#[test]
fn one_key_that_asks_too_often_waits_while_others_do_not() {
    run(async {
        let ground = Ground::shared("rates").await;
        let (plan, client) = ground.api_plan().await;
        let plan = plan.with("http.requests_per_second", "5");
        let api = plan
            .with("http.wrong_keys_per_second", "4")
            .roles("api")
            .start()
            .await;
        let (greedy, _) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        let (modest, _) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        let mut refused = None;
        for _ in 0..20 {
            let reply = greedy.get("/v1/processes/nobody").await;
            if reply.status == 429 {
                refused = Some(reply);
                break;
            }
            reply.problem(404, "not_found");
        }
        let refused = refused.expect("a limit");
        refused.problem(429, "too_many_requests");
        assert_eq!(refused.header("retry-after"), Some("1"));
        modest
            .get("/v1/processes/nobody")
            .await
            .problem(404, "not_found");

        // Guesses from one address have a limit of their own, which good keys don't feel.
        let guess = client.with("authorization", "Bearer wb_0_0");
        let mut answers = Vec::new();
        for _ in 0..10 {
            answers.push(guess.get("/v1/processes/nobody").await.status);
        }
        assert!(
            answers.contains(&401) && answers.contains(&429),
            "{answers:?}"
        );
        modest
            .get("/v1/processes/nobody")
            .await
            .problem(404, "not_found");
        api.stop().await;
    });
}

#[test]
fn a_key_that_is_revoked_ends_what_it_still_waits_for() {
    run(async {
        let mut trial = Trial::shared("rates-revoked").await;
        let (worker, client) = trial.ground.answering().await;
        let (reader, id) = keyed(&trial.ground, &client, "default", &[Scope::Read]).await;
        let mut listening = reader.listen("/v1/events/stream").await;
        trial.events(&stories("heard", 1)).await;
        listening.next().await;
        let waiting = reader.with("prefer", "wait=4");
        let path = format!("/v1/processes/{TOKEN_MARK}-nobody");
        let revoke = async {
            trial
                .ground
                .store()
                .revoke_key(&id)
                .await
                .expect("a revoked key");
        };
        let (reply, ()) = tokio::join!(waiting.get(&path), revoke);
        reply.problem(401, "unauthorized");
        trial.events(&stories("unheard", 1)).await;
        listening.ends().await;
        trial.conclude(vec![worker]).await;
    });
}
