//! Request bodies that are events or their data: references to the schemas of the contract.

use std::borrow::Cow;

use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::{AllOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::http::submit::message::EVENTS_MAX;

macro_rules! bodies {
    ($($(#[$doc:meta])* $type:ident is $name:literal = $schema:expr;)+) => {$(
        $(#[$doc])*
        pub(in super::super) struct $type;

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $schema
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )+};
}

bodies! {
    /// A plain event, or a list of them.
    Plain is "Events" = OneOfBuilder::new().item(named("event")).item(many("event")).into();
    /// A `CloudEvent` in structured mode.
    Structured is "CloudEvent" = named("cloudevent");
    /// A list of them.
    Batch is "CloudEvents" = many("cloudevent");
    /// Opens an order, with a token if the client has one.
    Order is "OrderRequest" = AllOfBuilder::new().item(named("order.opened")).item(token()).into();
    /// Pushes an order on.
    Push is "PushRequest" = named("order.pushed");
    /// Why a process is cancelled.
    Cancel is "CancelRequest" = named("order.cancelled");
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
