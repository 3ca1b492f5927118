//! The OpenAPI document: what the handlers say of themselves, what the gates ask of everybody, and
//! the schemas of events.
//!
//! It comes out of the same router that answers, so a path can't be in one without the other.

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

pub(super) use self::page::{Page, page};
use self::responses::Gated;
use crate::domain::access::Scope;
use crate::http::state::Api;
use crate::http::web::problem::ProblemView;
use crate::wire;

/// What an operation asks of a key; one without it asks for none.
const SCOPE: &str = "x-waybill-scope";
const NULL: &str = "null";
/// The ways a key is shown, with what is said of them.
const WAYS: [(&str, HttpAuthScheme, &str); 2] = [
    ("bearer", HttpAuthScheme::Bearer, "A key as a bearer token."),
    (
        "basic",
        HttpAuthScheme::Basic,
        "A key as the password, with any name.",
    ),
];

/// What is there before the handlers say anything.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Waybill",
        description = "One truthful record per upload or order. Who asks shows a key, which speaks for one tenant: \
                       there are no processes but that tenant's. `waybill key create` makes keys; as long as none \
                       was ever made, everything is open to this machine.",
    ),
    servers((url = "/", description = "Where this document is")),
    components(schemas(ProblemView)),
    tags(
        (name = "processes", description = "How uploads and orders stand."),
        (name = "events", description = "All that happens, in the order of commits."),
        (name = "sending", description = "Events of those who have no AMQP: checked at once, published with a \
                                          confirm, and applied by the workers like everybody's."),
        (name = "documents", description = "The contract, for everybody."),
    ),
)]
struct Base;

/// A router whose document has nothing but what holds for all.
pub(in crate::http) fn router() -> OpenApiRouter<Api> {
    let mut document = Base::openapi();
    let components = document.components.get_or_insert_default();
    for (name, scheme, description) in WAYS {
        let scheme = HttpBuilder::new()
            .scheme(scheme)
            .description(Some(description));
        let scheme = SecurityScheme::Http(scheme.build());
        components.add_security_scheme(name, scheme);
    }
    OpenApiRouter::with_openapi(document)
}

/// Says of a group of routes what its gate asks, and what it answers to those it keeps out.
pub(in crate::http) fn guard(group: &mut utoipa::openapi::OpenApi, scope: Scope) {
    let ways = WAYS.map(|(name, ..)| SecurityRequirement::new(name, [] as [&str; 0]));
    for operation in group.paths.paths.values_mut().flat_map(operations) {
        let extension = Extensions::from_iter([(SCOPE, scope.name())]);
        operation
            .extensions
            .get_or_insert_default()
            .merge(extension);
        operation.security = Some(ways.to_vec());
        let responses = &mut operation.responses.responses;
        responses.extend(<Gated as utoipa::IntoResponses>::responses());
    }
}

/// The whole document: with the schemas of events that it names.
pub(super) fn document(said: &utoipa::openapi::OpenApi) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(said)?;
    let schemas = document.pointer_mut("/components/schemas");
    if let Some(Value::Object(schemas)) = schemas {
        schemas.extend(wire::schema::taken()?);
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flat_map(|paths| paths.values_mut());
    for operation in items.filter_map(Value::as_object_mut).flatten() {
        be_left_out(operation.1);
    }
    Ok(document)
}

/// Parameters and bodies may be left out, but never be null, as optional fields may.
fn be_left_out(operation: &mut Value) {
    let parameters = operation.get_mut("parameters");
    let parameters = parameters.and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        if let Some(type_) = parameter.pointer_mut("/schema/type") {
            be_not_null(type_, &NULL.into());
        }
    }
    let bodies = operation.pointer_mut("/requestBody/content");
    let bodies = bodies.and_then(Value::as_object_mut);
    for body in bodies.into_iter().flat_map(|bodies| bodies.values_mut()) {
        let schema = body.get_mut("schema");
        if let Some(schema) = schema
            && let Some(mut choice) = schema.get("oneOf").cloned()
        {
            be_not_null(&mut choice, &json!({ "type": NULL }));
            if !choice.is_array() {
                *schema = choice;
            }
        }
    }
}

/// Of a choice between null and something else takes the other.
fn be_not_null(choice: &mut Value, null: &Value) {
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
