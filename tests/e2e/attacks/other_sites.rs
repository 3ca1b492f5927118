//! Writing in the name of an operator whose browser shows a page of another site.

use serde_json::json;

use crate::support::client::served;

#[test]
fn a_page_of_another_site_writes_nothing_over_any_route() {
    served("attack-sites", async |ground, client| {
        let event = json!({"id": "1", "source": "page", "type": "upload.received", "token": "t", "data": {}});
        for (header, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
        ] {
            let page = client.with(header, value);
            for path in [
                "/v1/events",
                "/v1/uploads",
                "/v1/orders",
                "/v1/orders/t/push",
                "/v1/processes/t/cancel",
                "/monitor/replays",
                "/monitor/login",
                "/open-capture/rest/processFile",
                "/ahgora/batch",
                "/diadoc/V3/Authenticate",
                "/omflow/rest/flow/purchase",
            ] {
                let reply = page.post(path, event.clone()).await;
                // OMFLOW has its status in the body.
                let is_refused = reply.status == 403 || reply.body().contains("another site");
                assert!(is_refused, "{path}: {}", reply.body());
            }
        }
        let offered = client
            .with("authorization", "Bearer wrong")
            .get("/v1/processes")
            .await;
        assert_eq!(
            offered.header("www-authenticate"),
            Some("Bearer realm=\"waybill\"")
        );
        assert_eq!(ground.count("event").await, 0);
    });
}
