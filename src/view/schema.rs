//! The enumerations of the JSON views, for the OpenAPI document.

use std::borrow::Cow;

use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::{ObjectBuilder, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::parts::Part;
use crate::{domain, wire};

macro_rules! names {
    ($($(#[$doc:meta])* $type:ident: $description:literal = $names:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $type;

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let schema = ObjectBuilder::new()
                    .schema_type(SchemaType::new(Type::String))
                    .description(Some($description))
                    .enum_values(Some($names));
                schema.into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($type))
            }
        }
    )+};
}

names! {
    /// The kind of a process.
    Kind: "The kind of a process." = domain::Kind::ALL.map(domain::Kind::name);
    /// The status of a process.
    Status: "The status of a process." = domain::Status::ALL.map(domain::Status::name);
    /// The type of an event.
    EventType: "The type of an event." = wire::type_names();
    /// A part of a process that is returned on request.
    PartName: "A part that is returned on request." = Part::ALL.map(Part::name);
}
