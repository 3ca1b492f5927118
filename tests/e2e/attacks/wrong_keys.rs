//! Filling the audit with wrong keys.

use waybill::domain::access::Scope;

use crate::http::processes::key;
use crate::support::client::ROLES;
use crate::support::ground::{Ground, assert_rows, reaches};

const FAILED: &str = "audit where action = 'login.failed'";

#[test]
fn wrong_keys_of_an_address_get_a_row_and_then_a_count() {
    Ground::test("attack-wrong", async |ground| {
        let settings = ["http.wrong_keys_per_second=1000"];
        let (worker, client) = ground.answering_with(ROLES, &settings).await;
        let (other, id) = key(&ground, "acme", &[Scope::Read]).await;
        for number in 0..40 {
            // An id with another secret.
            let guess = format!("wb_{id}_{number:064x}");
            let guess = client.with("authorization", &format!("Bearer {guess}"));
            assert_eq!(guess.get("/v1/processes").await.status, 401);
        }
        let first = format!("{FAILED} and object = '{id}' and reason = 'the key is unknown'");
        reaches(&ground, &first, 1).await;
        assert_rows(&ground, FAILED, 1).await;
        // A tenant sees no guesses, and nothing of a key is kept but its id.
        assert_rows(&ground, &format!("{FAILED} and tenant is not null"), 0).await;
        let secret = other.rsplit('_').next().expect("a secret");
        let kept = format!("audit a where a::text like '%{secret}%' or a::text like '%000000%'");
        assert_rows(&ground, &kept, 0).await;

        // At the end, or after a minute.
        worker.stop().await;
        let counted = format!("{FAILED} and object = '39 more within a minute'");
        reaches(&ground, &counted, 1).await;
        assert_rows(&ground, FAILED, 2).await;
    });
}

#[test]
fn the_failures_of_a_tenants_own_keys_are_its_own() {
    Ground::test("attack-revoked", async |ground| {
        let (worker, client) = ground.answering().await;
        let (text, id) = key(&ground, "acme", &[Scope::Read]).await;
        ground.waybill(&["key", "revoke", &id]).ok();
        let revoked = client.with("authorization", &format!("Bearer {text}"));
        assert_eq!(revoked.get("/v1/processes").await.status, 401);
        let failed = format!(
            "{FAILED} and tenant = 'acme' and object = '{id}' and origin = '127.0.0.1'
             and reason = 'the key was revoked'"
        );
        reaches(&ground, &failed, 1).await;
        worker.stop().await;
    });
}
