//! Request bodies that are events or their data: references to the schemas of the contract.

use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::{AllOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder, Ref, RefOr};

use crate::http::submit::message::EVENTS_MAX;
use crate::view::schema::schemas;

schemas! {
    /// A plain event, or a list of them.
    pub(crate) Plain is "Events" = OneOfBuilder::new().item(named("event")).item(many("event")).into();
    /// A `CloudEvent` in structured mode.
    pub(crate) Structured is "CloudEvent" = named("cloudevent");
    /// A list of them.
    pub(crate) Batch is "CloudEvents" = many("cloudevent");
    /// Opens an order, with a token if the client has one.
    pub(crate) Order is "OrderRequest" = AllOfBuilder::new().item(named("order.opened")).item(token()).into();
    /// Pushes an order on.
    pub(crate) Push is "PushRequest" = named("order.pushed");
    /// Why a process is cancelled.
    pub(crate) Cancel is "CancelRequest" = named("order.cancelled");
}

/// A schema of the contract.
fn named(name: &str) -> RefOr<Schema> {
    Ref::from_schema_name(name).into()
}

fn many(name: &str) -> RefOr<Schema> {
    let list = ArrayBuilder::new().items(named(name));
    list.min_items(Some(1)).max_items(Some(EVENTS_MAX)).into()
}

fn token() -> RefOr<Schema> {
    let token = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some(
            "The public name of the process; without it one is generated.",
        ));
    ObjectBuilder::new().property("token", token).into()
}
