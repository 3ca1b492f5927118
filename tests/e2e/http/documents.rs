//! The documents of the contract need no API key, also where everything else does.

use serde_json::Value;
use waybill::wire::{schema, type_names};

use crate::support::client::{Client, Reply, served_as};

/// A document of this media type that caches may keep.
async fn document(client: &Client, path: &str, media_type: &str) -> Value {
    let reply: Reply = client.get(path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.body());
    assert_eq!(reply.header("content-type"), Some(media_type));
    let cached = reply.header("cache-control");
    assert_eq!(cached, Some("public, max-age=3600"));
    serde_json::from_str(reply.body()).expect("JSON")
}

#[test]
fn the_documents_of_the_contract_need_no_key() {
    served_as("documents", "api", async |_, client| {
        // An invalid key is refused wherever a key is needed.
        let stranger = client.with("authorization", "Bearer nonsense");
        stranger
            .get("/v1/events")
            .await
            .problem(401, "unauthorized");

        let asyncapi = document(&stranger, "/asyncapi.json", "application/json").await;
        assert_eq!(asyncapi["asyncapi"], "3.0.0");
        assert_eq!(asyncapi["info"]["version"], env!("CARGO_PKG_VERSION"));
        let mut count = 0;
        for (name, text) in schema::schemas() {
            let path = format!("/schemas/{name}.json");
            let served = document(&stranger, &path, "application/schema+json").await;
            assert_eq!(
                served,
                serde_json::from_str::<Value>(text).expect("JSON"),
                "{name}"
            );
            count += 1;
        }
        assert!(count > type_names().count());

        for unknown in [
            "/schemas/upload.exploded.json",
            "/schemas/upload.step",
            "/schemas/%ff",
        ] {
            let problem = stranger.get(unknown).await.problem(404, "not_found");
            assert_eq!(problem["instance"], unknown);
        }
        let posted = stranger.request("POST", "/asyncapi.json").await;
        posted.problem(405, "method_not_allowed");
    });
}
