//! The messages of GetDocflows, as protobuf and as JSON with the names of the `.proto`. Fields that
//! are never set here are left out; their numbers are not reused.

use std::fmt::Debug;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use prost::{Enumeration, Message};
use serde::{Deserialize, Serialize, Serializer};

#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct GetDocflowBatchRequest {
    #[prost(message, repeated, tag = "1")]
    pub(super) requests: Vec<GetDocflowRequest>,
}

#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct GetDocflowRequest {
    #[prost(message, required, tag = "1")]
    pub(super) document_id: DocumentId,
    #[prost(string, optional, tag = "2")]
    pub(super) last_event_id: Option<String>,
    #[prost(bool, optional, tag = "3")]
    pub(super) inject_entity_content: Option<bool>,
}

#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct DocumentId {
    #[prost(string, required, tag = "1")]
    pub(super) message_id: String,
    #[prost(string, required, tag = "2")]
    pub(super) entity_id: String,
}

/// The credentials for a token; unlike all others its JSON has lower-case names.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct LoginPassword {
    #[prost(string, required, tag = "1")]
    #[serde(alias = "login")]
    pub(super) login: String,
    #[prost(string, required, tag = "2")]
    #[serde(alias = "password")]
    pub(super) password: String,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetDocflowBatchResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) documents: Vec<DocumentWithDocflow>,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DocumentWithDocflow {
    #[prost(message, optional, tag = "1")]
    pub(super) document_id: Option<DocumentId>,
    #[prost(string, optional, tag = "2")]
    pub(super) last_event_id: Option<String>,
    #[prost(message, optional, tag = "3")]
    pub(super) last_event_timestamp: Option<Timestamp>,
    #[prost(message, optional, tag = "4")]
    pub(super) document_info: Option<DocumentInfo>,
    #[prost(message, optional, tag = "5")]
    pub(super) docflow: Option<Docflow>,
    #[prost(message, repeated, tag = "6")]
    pub(super) initial_document_ids: Vec<DocumentId>,
}

/// 100 nanoseconds since the year 1 began.
#[derive(Clone, Copy, PartialEq, Message, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Timestamp {
    #[prost(sfixed64, required, tag = "1")]
    pub(super) ticks: i64,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DocumentInfo {
    #[prost(enumeration = "DocumentType", optional, tag = "1")]
    #[serde(serialize_with = "named::<DocumentType, _>")]
    pub(super) document_type: Option<i32>,
    #[prost(enumeration = "DocumentDirection", optional, tag = "2")]
    #[serde(serialize_with = "named::<DocumentDirection, _>")]
    pub(super) document_direction: Option<i32>,
    #[prost(string, optional, tag = "4")]
    pub(super) custom_document_id: Option<String>,
    #[prost(string, required, tag = "18")]
    pub(super) version: String,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Docflow {
    #[prost(bool, optional, tag = "1")]
    pub(super) is_finished: Option<bool>,
    #[prost(message, optional, tag = "2")]
    pub(super) document_attachment: Option<SignedAttachment>,
    #[prost(bool, optional, tag = "4")]
    pub(super) document_is_deleted: Option<bool>,
    #[prost(message, optional, tag = "5")]
    pub(super) docflow_status: Option<DocflowStatus>,
    #[prost(message, optional, tag = "6")]
    pub(super) send_timestamp: Option<Timestamp>,
    #[prost(message, optional, tag = "7")]
    pub(super) delivery_timestamp: Option<Timestamp>,
    #[prost(message, optional, tag = "12")]
    pub(super) unilateral_docflow: Option<UnilateralDocflow>,
    #[prost(string, optional, tag = "16")]
    pub(super) packet_id: Option<String>,
    #[prost(message, repeated, tag = "17")]
    pub(super) custom_data: Vec<CustomDataItem>,
}

#[derive(Clone, Copy, PartialEq, Message, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UnilateralDocflow {
    #[prost(bool, optional, tag = "1")]
    pub(super) is_finished: Option<bool>,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DocflowStatus {
    #[prost(message, optional, tag = "1")]
    pub(super) primary_status: Option<DocflowStatusModel>,
    #[prost(message, optional, tag = "2")]
    pub(super) secondary_status: Option<DocflowStatusModel>,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DocflowStatusModel {
    #[prost(enumeration = "DocflowStatusSeverity", optional, tag = "1")]
    #[serde(serialize_with = "named::<DocflowStatusSeverity, _>")]
    pub(super) severity: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(super) status_text: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(super) status_hint: Option<String>,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SignedAttachment {
    #[prost(message, optional, tag = "1")]
    pub(super) attachment: Option<Attachment>,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attachment {
    #[prost(message, optional, tag = "1")]
    pub(super) entity: Option<Entity>,
    #[prost(string, optional, tag = "2")]
    pub(super) attachment_filename: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(super) display_filename: Option<String>,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Entity {
    #[prost(string, optional, tag = "1")]
    pub(super) entity_id: Option<String>,
    #[prost(message, optional, tag = "2")]
    pub(super) creation_timestamp: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    pub(super) content: Option<Content>,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Content {
    /// -1 if it is unknown.
    #[prost(sfixed32, required, tag = "1")]
    pub(super) size: i32,
    #[prost(bytes = "vec", optional, tag = "2")]
    #[serde(serialize_with = "base64")]
    pub(super) data: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CustomDataItem {
    #[prost(string, required, tag = "1")]
    pub(super) key: String,
    #[prost(string, optional, tag = "2")]
    pub(super) value: Option<String>,
}

// The names of these variants are those on the wire.

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub(super) enum DocumentType {
    Nonformalized = 0,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub(super) enum DocumentDirection {
    Outbound = 2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub(super) enum DocflowStatusSeverity {
    Info = 1,
    Success = 2,
    Warning = 3,
    Error = 4,
}

fn named<E, S>(number: &Option<i32>, serializer: S) -> Result<S::Ok, S::Error>
where
    E: TryFrom<i32> + Debug,
    S: Serializer,
{
    match number.and_then(|number| E::try_from(number).ok()) {
        Some(variant) => serializer.collect_str(&format_args!("{variant:?}")),
        None => serializer.serialize_none(),
    }
}

fn base64<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    match bytes {
        Some(bytes) => serializer.serialize_some(&BASE64_STANDARD.encode(bytes)),
        None => serializer.serialize_none(),
    }
}
