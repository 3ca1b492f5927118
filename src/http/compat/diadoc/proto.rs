//! The messages of GetDocflows, as protobuf and as JSON with the names of the `.proto`. Fields that
//! are never set here are left out; their numbers are not reused.

use std::fmt::Debug;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use prost::{Enumeration, Message};
use serde::{Deserialize, Serialize, Serializer};

/// Messages of a response: each field with its type and number in the `.proto`.
macro_rules! answers {
    ($($(#[$about:meta])* $name:ident {
        $($field:ident: $type:ty = ($($proto:tt)+) $(as $form:literal)?,)+
    })+) => {$(
        $(#[$about])*
        #[derive(Clone, PartialEq, Message, Serialize)]
        #[serde(rename_all = "PascalCase")]
        pub(super) struct $name {
            $(
                #[prost($($proto)+)]
                $(#[serde(serialize_with = $form)])?
                pub(super) $field: $type,
            )+
        }
    )+};
}

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

answers! {
    GetDocflowBatchResponse {
        documents: Vec<DocumentWithDocflow> = (message, repeated, tag = "1"),
    }

    DocumentWithDocflow {
        document_id: Option<DocumentId> = (message, optional, tag = "1"),
        last_event_id: Option<String> = (string, optional, tag = "2"),
        last_event_timestamp: Option<Timestamp> = (message, optional, tag = "3"),
        document_info: Option<DocumentInfo> = (message, optional, tag = "4"),
        docflow: Option<Docflow> = (message, optional, tag = "5"),
        initial_document_ids: Vec<DocumentId> = (message, repeated, tag = "6"),
    }

    /// 100 nanoseconds since the year 1 began.
    #[derive(Copy)]
    Timestamp {
        ticks: i64 = (sfixed64, required, tag = "1"),
    }

    DocumentInfo {
        document_type: Option<i32> = (enumeration = "DocumentType", optional, tag = "1")
            as "named::<DocumentType, _>",
        document_direction: Option<i32> = (enumeration = "DocumentDirection", optional, tag = "2")
            as "named::<DocumentDirection, _>",
        custom_document_id: Option<String> = (string, optional, tag = "4"),
        version: String = (string, required, tag = "18"),
    }

    Docflow {
        is_finished: Option<bool> = (bool, optional, tag = "1"),
        document_attachment: Option<SignedAttachment> = (message, optional, tag = "2"),
        document_is_deleted: Option<bool> = (bool, optional, tag = "4"),
        docflow_status: Option<DocflowStatus> = (message, optional, tag = "5"),
        send_timestamp: Option<Timestamp> = (message, optional, tag = "6"),
        delivery_timestamp: Option<Timestamp> = (message, optional, tag = "7"),
        unilateral_docflow: Option<UnilateralDocflow> = (message, optional, tag = "12"),
        packet_id: Option<String> = (string, optional, tag = "16"),
        custom_data: Vec<CustomDataItem> = (message, repeated, tag = "17"),
    }

    #[derive(Copy)]
    UnilateralDocflow {
        is_finished: Option<bool> = (bool, optional, tag = "1"),
    }

    DocflowStatus {
        primary_status: Option<DocflowStatusModel> = (message, optional, tag = "1"),
        secondary_status: Option<DocflowStatusModel> = (message, optional, tag = "2"),
    }

    DocflowStatusModel {
        severity: Option<i32> = (enumeration = "DocflowStatusSeverity", optional, tag = "1")
            as "named::<DocflowStatusSeverity, _>",
        status_text: Option<String> = (string, optional, tag = "2"),
        status_hint: Option<String> = (string, optional, tag = "3"),
    }

    SignedAttachment {
        attachment: Option<Attachment> = (message, optional, tag = "1"),
    }

    Attachment {
        entity: Option<Entity> = (message, optional, tag = "1"),
        attachment_filename: Option<String> = (string, optional, tag = "2"),
        display_filename: Option<String> = (string, optional, tag = "3"),
    }

    Entity {
        entity_id: Option<String> = (string, optional, tag = "1"),
        creation_timestamp: Option<Timestamp> = (message, optional, tag = "2"),
        content: Option<Content> = (message, optional, tag = "3"),
    }

    /// The size is -1 if it is unknown.
    Content {
        size: i32 = (sfixed32, required, tag = "1"),
        data: Option<Vec<u8>> = (bytes = "vec", optional, tag = "2") as "base64",
    }

    CustomDataItem {
        key: String = (string, required, tag = "1"),
        value: Option<String> = (string, optional, tag = "2"),
    }
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
    let variant = number.and_then(|number| E::try_from(number).ok());
    variant
        .map(|variant| format!("{variant:?}"))
        .serialize(serializer)
}

fn base64<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = bytes.as_ref().map(|bytes| BASE64_STANDARD.encode(bytes));
    text.serialize(serializer)
}
