//! `GET /openapi.json`, `/docs`, `/asyncapi.json` and `/schemas/{name}`: the contract.
//!
//! The documents contain no secrets and are the same for all clients, so they need no key.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::{self, responses};
use crate::http::state::Api;
use crate::http::web::{HttpProblem, ProblemKind};
use crate::wire::schema;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const SCHEMA: HeaderValue = HeaderValue::from_static("application/schema+json");
/// They change only with the version of Waybill.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=3600");
/// The extension after the name of a schema in its path.
const EXTENSION: &str = ".json";
const UNKNOWN: &str =
    "no schema has this name; there is one of every event type, such as upload.received.json";

/// The documents that are generated at the start.
pub(in crate::http) struct Documents {
    openapi: String,
    page: String,
}

impl Documents {
    /// Generates them from the annotations of the routes.
    pub(in crate::http) fn of(annotations: &OpenApi) -> Self {
        let document = openapi::document(annotations).unwrap_or_else(|error| {
            debug_assert!(false, "our own documents are JSON: {error}");
            Value::Null
        });
        Self {
            openapi: format!("{document:#}"),
            page: openapi::page(&document),
        }
    }
}

pub(in crate::http) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(asyncapi))
        .routes(routes!(schema))
        .routes(routes!(openapi))
        .routes(routes!(docs))
}

/// The exchanges and their messages.
#[utoipa::path(
    get,
    path = "/asyncapi.json",
    operation_id = "getAsyncApi",
    tag = "documents",
    summary = "The AsyncAPI document",
    responses((status = 200, description = "The document", body = Object)),
)]
async fn asyncapi() -> impl IntoResponse {
    (headers(JSON), schema::asyncapi())
}

/// The schema of an event type, of a published message, or of an envelope.
#[utoipa::path(
    get,
    path = "/schemas/{name}",
    operation_id = "getSchema",
    tag = "documents",
    summary = "A JSON Schema of the contract",
    params(("name" = String, Path, description = "Its name and `.json`, such as `upload.received.json`")),
    responses(
        (status = 200, description = "The schema", body = Object, content_type = "application/schema+json"),
        responses::NamedProblems,
    ),
)]
async fn schema(
    name: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, HttpProblem> {
    let text = name.ok().and_then(|Path(name)| {
        let name = name.strip_suffix(EXTENSION)?;
        schema::schema(name)
    });
    let text = text.ok_or_else(|| HttpProblem::new(ProblemKind::NotFound, UNKNOWN))?;
    Ok((headers(SCHEMA), text))
}

/// The HTTP API, for programs.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenApi",
    tag = "documents",
    summary = "The OpenAPI document",
    responses((status = 200, description = "The document", body = Object)),
)]
async fn openapi(Extension(documents): Extension<Arc<Documents>>) -> impl IntoResponse {
    (headers(JSON), documents.openapi.clone())
}

/// The HTTP API as a page.
#[utoipa::path(
    get,
    path = "/docs",
    operation_id = "getDocs",
    tag = "documents",
    summary = "The OpenAPI document as a page",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")),
)]
async fn docs(Extension(documents): Extension<Arc<Documents>>) -> impl IntoResponse {
    (headers(HTML), openapi::guards(), documents.page.clone())
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

    use super::*;
    use crate::broker::{Outgoing, topology};
    use crate::wire::encode::completion::SOURCE;

    #[test]
    fn the_channels_are_the_public_exchanges_and_the_replies() {
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
        // The other two are internal.
        let public = [
            topology::EVENTS_EXCHANGE,
            topology::COMPLETIONS_EXCHANGE,
            topology::STAGES_EXCHANGE,
        ];
        assert_eq!(exchanges, public.into());
    }

    #[test]
    fn the_source_is_the_same_in_the_document_and_in_messages() {
        let document: Value = serde_json::from_str(schema::asyncapi()).unwrap();
        let headers = &document["components"]["messageTraits"]["published"]["headers"];
        let documented = &headers["properties"]["cloudEvents_source"]["const"];
        assert_eq!(documented, SOURCE);
        let message = Outgoing::new("", "", "", Vec::new());
        assert_eq!(message.properties.app_id.as_deref(), Some(SOURCE));
    }
}
