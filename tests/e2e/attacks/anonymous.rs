//! Requests without a key where it was not allowed, or no more.

use waybill::domain::access::Scope;

use crate::http::processes::key;
use crate::support::client::served;
use crate::support::ground::Ground;

const LIST: &str = "/v1/processes";

#[test]
fn without_a_key_nothing_is_answered_unless_the_settings_allow_it() {
    Ground::test("attack-no-key", async |ground| {
        let (plan, client) = ground.api_plan().await;
        let plan = plan.roles("api").with("http.anonymous", "false");
        let worker = plan.start().await;
        client.get(LIST).await.problem(401, "unauthorized");
        worker.stop().await;
    });
}

#[test]
fn a_page_of_another_site_or_a_proxy_is_not_answered_without_a_key() {
    served("attack-rebinding", async |_, client| {
        assert_eq!(client.get(LIST).await.status, 200);
        for host in [
            "evil.example",
            "localhost.evil.example",
            "10.0.0.1:8080",
            "",
        ] {
            client
                .named(host)
                .get(LIST)
                .await
                .problem(401, "unauthorized");
        }
        for host in ["127.0.0.1:8080", "[::1]:8080", "LOCALHOST"] {
            assert_eq!(client.named(host).get(LIST).await.status, 200, "{host}");
        }
        for header in [
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-host",
            "via",
            "x-real-ip",
        ] {
            let passed_on = client.with(header, "203.0.113.7");
            passed_on.get(LIST).await.problem(401, "unauthorized");
        }
    });
}

#[test]
fn emptying_the_table_of_keys_opens_nothing() {
    served("attack-empty", async |ground, client| {
        let (text, _) = key(&ground, "default", &[Scope::Read]).await;
        let keyed = client.with("authorization", &format!("Bearer {text}"));
        assert_eq!(keyed.get(LIST).await.status, 200);
        client.get(LIST).await.problem(401, "unauthorized");
        ground.execute("delete from waybill.api_key").await;
        for _ in 0..3 {
            client.get(LIST).await.problem(401, "unauthorized");
        }
    });
}

#[test]
fn a_listener_for_other_machines_does_not_start_without_keys() {
    Ground::test("attack-public", async |ground| {
        let run = ["run", "--roles", "api", "--set", "http.listen=0.0.0.0:0"];
        let open = [&run[..], &["--set", "http.anonymous=true"]].concat();
        ground.refuses(&open, 2, "http.anonymous");
    });
}
