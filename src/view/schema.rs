//! The closed sets of names in what is shown, for the document that describes it.

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
    /// What a process is.
    Kind: "What a process is." = domain::Kind::ALL.map(domain::Kind::name);
    /// How a process stands.
    Status: "How a process stands." = domain::Status::ALL.map(domain::Status::name);
    /// What an event says.
    EventType: "What an event says." = wire::type_names();
    /// A part of a process that is shown when it is asked for.
    PartName: "A part that is shown when it is asked for." = Part::ALL.map(Part::name);
}
