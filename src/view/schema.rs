//! The enumerations of the JSON views, for the OpenAPI document.

use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::{ObjectBuilder, RefOr};

use super::parts::Part;
use crate::store::admin::audit::Action;
use crate::{domain, wire};

/// Types that only stand for a named schema of the document.
macro_rules! schemas {
    ($($(#[$doc:meta])* $vis:vis $type:ident is $name:literal = $schema:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        $vis struct $type;

        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $schema
            }
        }

        impl utoipa::ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
        }
    )+};
}

pub(crate) use schemas;

schemas! {
    /// The kind of a process.
    pub Kind is "Kind" = names("The kind of a process.", domain::Kind::ALL.map(domain::Kind::name));
    /// The status of a process.
    pub Status is "Status" = names("The status of a process.", domain::Status::ALL.map(domain::Status::name));
    /// The type of an event.
    pub EventType is "EventType" = names("The type of an event.", wire::type_names());
    /// What was done.
    pub AuditAction is "AuditAction" = names("What was done.", Action::ALL.map(Action::name));
    /// A part of a process that is returned on request.
    pub PartName is "PartName" = names("A part that is returned on request.", Part::ALL.map(Part::name));
}

fn names(about: &str, names: impl IntoIterator<Item = &'static str>) -> RefOr<Schema> {
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .description(Some(about))
        .enum_values(Some(names));
    schema.into()
}
