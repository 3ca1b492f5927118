//! `GET /asyncapi.json` and `GET /schemas/{name}`: the contract of the messages, for everybody.
//!
//! They hold nothing secret and are the same for all, so no key is asked for.

use axum::Router;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;

use super::Api;
use super::problem::{HttpProblem, Trouble};
use crate::wire::schema;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const SCHEMA: HeaderValue = HeaderValue::from_static("application/schema+json");
/// They change only with the version that runs.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=3600");
/// What follows the name of a schema in its path.
const ENDING: &str = ".json";
const UNKNOWN: &str =
    "no schema has this name; there is one of every event type, such as upload.received.json";

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/asyncapi.json", get(asyncapi))
        .route("/schemas/{name}", get(schema))
}

async fn asyncapi() -> impl IntoResponse {
    (headers(JSON), schema::asyncapi())
}

async fn schema(
    name: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, HttpProblem> {
    let text = name.ok().and_then(|Path(name)| {
        let name = name.strip_suffix(ENDING)?;
        schema::schema(name)
    });
    let text = text.ok_or_else(|| HttpProblem::new(Trouble::NotFound, UNKNOWN))?;
    Ok((headers(SCHEMA), text))
}

fn headers(media_type: HeaderValue) -> [(HeaderName, HeaderValue); 2] {
    [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, CACHED),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::broker::{Outgoing, topology};
    use crate::wire::completion::SOURCE;

    #[test]
    fn the_channels_are_the_exchanges_for_others_and_the_replies() {
        let document: Value = serde_json::from_str(schema::asyncapi()).unwrap();
        let mut exchanges = BTreeSet::new();
        for (name, channel) in document["channels"].as_object().unwrap() {
            let exchange = &channel["bindings"]["amqp"]["exchange"];
            if channel["address"].is_null() {
                // The default exchange is in every broker.
                assert!(exchange.is_null(), "{name}");
                continue;
            }
            assert_eq!(exchange["name"], **name);
            assert_eq!(exchange["type"], "topic");
            assert_eq!(exchange["durable"], true);
            exchanges.insert(name.as_str());
        }
        // The other two are between Waybill and the broker alone.
        let public = [
            topology::EVENTS_EXCHANGE,
            topology::COMPLETIONS_EXCHANGE,
            topology::STAGES_EXCHANGE,
        ];
        assert_eq!(exchanges, public.into());
    }

    #[test]
    fn who_publishes_is_the_same_everywhere() {
        let document: Value = serde_json::from_str(schema::asyncapi()).unwrap();
        let headers = &document["components"]["messageTraits"]["published"]["headers"];
        let told = &headers["properties"]["cloudEvents_source"]["const"];
        assert_eq!(told, SOURCE);
        let message = Outgoing::new("", "", "", Vec::new());
        assert_eq!(message.properties.app_id.as_deref(), Some(SOURCE));
    }
}
