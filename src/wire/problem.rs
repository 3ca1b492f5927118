//! RFC 9457 problem details of a refused message, the same for dead letters and for HTTP.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::decode::reason::Reason;

/// Problem details (RFC 9457). HTTP adds `status` and `instance`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Refusal)]
pub struct Problem {
    /// `urn:waybill:problem:` and the name of the reason.
    #[serde(rename = "type")]
    pub type_: String,
    /// The same for every problem of this type.
    pub title: Cow<'static, str>,
    /// What is wrong with this message; never contains its values, but may name keys.
    pub detail: String,
    /// One entry per fault found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldFault>,
}

/// One fault of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Fault)]
pub struct FieldFault {
    /// What is wrong, and how it should be.
    pub detail: String,
    /// Where in the body, as a JSON pointer in URI fragment form (`#/data/items/0/ok`). Absent
    /// where the fault is in a property or a header; the detail names it then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

impl Problem {
    /// A problem without faults of fields.
    #[must_use]
    pub fn new(reason: Reason, detail: String) -> Self {
        Self::named(reason.name(), reason.title(), detail)
    }

    /// A problem of a type that is no reason of a dead letter.
    #[must_use]
    pub fn named(name: &str, title: &'static str, detail: String) -> Self {
        Self {
            type_: format!("urn:waybill:problem:{name}"),
            title: Cow::Borrowed(title),
            detail,
            errors: Vec::new(),
        }
    }
}

/// A refused message, with its readable parts for finding it again.
///
/// The readable parts are cut to the limit of names and contain no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The reason.
    pub reason: Reason,
    /// The problem details.
    pub problem: Problem,
    /// The tenant it names.
    pub tenant: Option<String>,
    /// The token it names.
    pub token: Option<String>,
    /// Who produced it.
    pub source: Option<String>,
    /// Its id in that source.
    pub id: Option<String>,
    /// Its type, which may be unknown.
    pub type_: Option<String>,
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Constant texts only: the detail may name keys of the body, and errors are logged.
        write!(formatter, "{}: {}", self.reason.name(), self.reason.title())
    }
}

// Written out because a derive would treat the field `source` as the cause.
impl Error for Rejection {}
