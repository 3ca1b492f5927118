//! A client over its rate limit gets a `Retry-After`, and a revoked key ends streams and waits.

use waybill::domain::access::Scope;

use super::processes::keyed;
use crate::support::client::served_by;
use crate::support::scenario::Scenario;
use crate::support::story::{TOKEN_MARK, stories};

#[test]
fn a_key_over_its_rate_limit_is_refused_while_others_are_not() {
    let limits = ["http.requests_per_second=5", "http.wrong_keys_per_second=4"];
    served_by("rates", "api", &limits, async |ground, client| {
        let (greedy, _) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        let (modest, _) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        let mut refused = None;
        for _ in 0..20 {
            let reply = greedy.get("/v1/processes/unknown").await;
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
            .get("/v1/processes/unknown")
            .await
            .problem(404, "not_found");

        // Guesses from one address have a limit of their own, which valid keys don't share.
        let guess = client.with("authorization", "Bearer wb_0_0");
        let mut answers = Vec::new();
        for _ in 0..10 {
            answers.push(guess.get("/v1/processes/unknown").await.status);
        }
        assert!(
            answers.contains(&401) && answers.contains(&429),
            "{answers:?}"
        );
        modest
            .get("/v1/processes/unknown")
            .await
            .problem(404, "not_found");
    });
}

#[test]
fn a_revoked_key_ends_its_waiting_requests_and_streams() {
    Scenario::served("rates-revoked", async |scenario, client| {
        let (reader, id) = keyed(&scenario.ground, &client, "default", &[Scope::Read]).await;
        let mut stream = reader.stream("/v1/events/stream").await;
        scenario.events(&stories("before", 1)).await;
        stream.next().await;
        let waiting = reader.with("prefer", "wait=4");
        let path = format!("/v1/processes/{TOKEN_MARK}-unknown");
        let revoke = async {
            scenario
                .ground
                .store()
                .revoke_key(&id)
                .await
                .expect("a revoked key");
        };
        let (reply, ()) = tokio::join!(waiting.get(&path), revoke);
        reply.problem(401, "unauthorized");
        scenario.events(&stories("after", 1)).await;
        stream.ends().await;
    });
}
