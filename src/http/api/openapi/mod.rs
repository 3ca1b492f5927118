//! The OpenAPI document: the annotations of the handlers, the requirements of the gates, and the
//! schemas of events.
//!
//! It is generated from the router that serves the requests, so every route is in both.

pub(super) mod bodies;
mod page;
pub(super) mod parameters;
pub(super) mod responses;

use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

pub(super) use self::page::{guards, page};
use self::responses::GateProblems;
use crate::domain::access::Scope;
use crate::http::state::Api;
use crate::http::web::problem::ProblemView;
use crate::wire;

/// The scope that an operation requires; without it the operation needs no key.
const SCOPE: &str = "x-waybill-scope";
const NULL: &str = "null";
/// The authentication schemes with their descriptions.
const SCHEMES: [(&str, HttpAuthScheme, &str); 2] = [
    (
        "bearer",
        HttpAuthScheme::Bearer,
        "An API key as a bearer token.",
    ),
    (
        "basic",
        HttpAuthScheme::Basic,
        "An API key as the password, with any user name.",
    ),
];

/// The document without the handlers.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Waybill",
        description = "One truthful record per upload or order. Clients authenticate with an API key, which belongs to \
                       one tenant and gives access to its processes only. `waybill key create` creates keys.",
    ),
    servers((url = "/", description = "The server of this document")),
    components(schemas(ProblemView)),
    tags(
        (name = "processes", description = "The status of uploads and orders."),
        (name = "events", description = "All events, in the order of commits."),
        (name = "sending", description = "Events of producers that have no AMQP: validated at once, published with a \
                                          confirm, and applied by the workers like all others."),
        (name = "audit", description = "Who did what; for administrators."),
        (name = "documents", description = "The contract; no key is needed."),
    ),
)]
struct Base;

/// A router with the document that has no operations yet.
pub(in crate::http) fn router() -> OpenApiRouter<Api> {
    let mut document = Base::openapi();
    let components = document.components.get_or_insert_default();
    for (name, scheme, description) in SCHEMES {
        let scheme = HttpBuilder::new()
            .scheme(scheme)
            .description(Some(description));
        let scheme = SecurityScheme::Http(scheme.build());
        components.add_security_scheme(name, scheme);
    }
    OpenApiRouter::with_openapi(document)
}

/// Documents the scope that the gate of a group of routes requires, and its error responses.
pub(in crate::http) fn guard(group: &mut utoipa::openapi::OpenApi, scope: Scope) {
    let security = SCHEMES.map(|(name, ..)| SecurityRequirement::new(name, [] as [&str; 0]));
    for operation in group.paths.paths.values_mut().flat_map(operations) {
        let extension = Extensions::from_iter([(SCOPE, scope.name())]);
        operation
            .extensions
            .get_or_insert_default()
            .merge(extension);
        operation.security = Some(security.to_vec());
        let responses = &mut operation.responses.responses;
        responses.extend(<GateProblems as utoipa::IntoResponses>::responses());
    }
}

/// The whole document, with the schemas of events that it refers to.
pub(super) fn document(annotations: &utoipa::openapi::OpenApi) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(annotations)?;
    let schemas = document.pointer_mut("/components/schemas");
    if let Some(Value::Object(schemas)) = schemas {
        schemas.extend(wire::schema::accepted()?);
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flat_map(|paths| paths.values_mut());
    for operation in items.filter_map(Value::as_object_mut).flatten() {
        make_optional_not_nullable(operation.1);
    }
    Ok(document)
}

/// Optional parameters and bodies may be absent but, unlike optional fields, never null.
fn make_optional_not_nullable(operation: &mut Value) {
    let parameters = operation.get_mut("parameters");
    let parameters = parameters.and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        if let Some(type_) = parameter.pointer_mut("/schema/type") {
            remove_null(type_, &NULL.into());
        }
    }
    let bodies = operation.pointer_mut("/requestBody/content");
    let bodies = bodies.and_then(Value::as_object_mut);
    for body in bodies.into_iter().flat_map(|bodies| bodies.values_mut()) {
        let schema = body.get_mut("schema");
        if let Some(schema) = schema
            && let Some(mut choice) = schema.get("oneOf").cloned()
        {
            remove_null(&mut choice, &json!({ "type": NULL }));
            if !choice.is_array() {
                *schema = choice;
            }
        }
    }
}

/// Replaces a choice between null and something else by the latter.
fn remove_null(choice: &mut Value, null: &Value) {
    if let Some([one, other]) = choice.as_array().map(Vec::as_slice)
        && (one == null || other == null)
    {
        let rest = if one == null { other } else { one };
        *choice = rest.clone();
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let reading = [&mut item.get, &mut item.head, &mut item.options];
    let writing = [
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ];
    reading.into_iter().chain(writing).flatten()
}
