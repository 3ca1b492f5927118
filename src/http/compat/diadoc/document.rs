//! A record, or one item of it, as a document with its docflow: a pure function.

use super::proto::{
    Attachment, Content, CustomDataItem, Docflow, DocflowStatus, DocflowStatusModel,
    DocflowStatusSeverity as Severity, DocumentDirection, DocumentId, DocumentInfo, DocumentType,
    DocumentWithDocflow, Entity, SignedAttachment, Timestamp, UnilateralDocflow,
};
use crate::domain::{Opening, Process, Status};
use crate::store::read::item_lookup::FoundItem;
use crate::store::read::record::Record;
use crate::view::summary;

/// Ticks from the year 1 to the year 1970.
const TICKS_1970: i128 = 621_355_968_000_000_000;
const NANOSECONDS: i128 = 100;
/// The version of documents that have no format of their own.
const VERSION: &str = "v1";
/// Most bytes of a status hint.
const HINT_BYTES_MAX: usize = 4 << 10;

/// The data of a document.
#[derive(Debug)]
pub(super) struct FoundDocument<'a> {
    pub(super) id: DocumentId,
    pub(super) record: &'a Record,
    /// The item, unless it is the process as a whole.
    pub(super) item: Option<&'a FoundItem>,
    /// When the newest event of the record was logged.
    pub(super) last_event_at: Option<jiff::Timestamp>,
    pub(super) content: Content,
}

/// The document as a client sees it.
pub(super) fn document(found: FoundDocument<'_>) -> DocumentWithDocflow {
    let record = found.record;
    let whole = DocumentId {
        message_id: record.process.token.clone(),
        entity_id: record.process.token.clone(),
    };
    DocumentWithDocflow {
        last_event_id: record.cursor.map(|cursor| cursor.to_string()),
        last_event_timestamp: found.last_event_at.map(ticks),
        document_info: Some(DocumentInfo {
            document_type: Some(DocumentType::Nonformalized.into()),
            document_direction: Some(DocumentDirection::Outbound.into()),
            custom_document_id: found.item.and_then(|item| item.document_id.clone()),
            version: VERSION.to_owned(),
        }),
        initial_document_ids: found.item.map(|_| whole).into_iter().collect(),
        document_id: Some(found.id.clone()),
        docflow: Some(docflow(found)),
    }
}

fn docflow(found: FoundDocument<'_>) -> Docflow {
    let FoundDocument { record, item, .. } = found;
    let process = &record.process;
    let is_finished = Some(record.sealed_at.is_some());
    let is_well = item.is_none_or(|item| item.ok);
    Docflow {
        is_finished,
        document_is_deleted: Some(false),
        docflow_status: Some(match item {
            None => DocflowStatus {
                primary_status: Some(process_status(record)),
                secondary_status: None,
            },
            Some(item) => DocflowStatus {
                primary_status: Some(item_status(item)),
                secondary_status: Some(process_status(record)),
            },
        }),
        send_timestamp: process.opening.as_ref().map(|(stamp, _)| ticks(stamp.time)),
        delivery_timestamp: delivered(process).filter(|_| is_well).map(ticks),
        unilateral_docflow: Some(UnilateralDocflow { is_finished }),
        packet_id: opening(process).and_then(|opening| opening.group.clone()),
        custom_data: custom_data(process),
        document_attachment: Some(attachment(found)),
    }
}

fn attachment(found: FoundDocument<'_>) -> SignedAttachment {
    let entity_id = found.id.entity_id;
    let filename = match found.item {
        None => opening(&found.record.process).and_then(|opening| opening.filename.clone()),
        Some(_) => Some(entity_id.clone()),
    };
    SignedAttachment {
        attachment: Some(Attachment {
            entity: Some(Entity {
                entity_id: Some(entity_id),
                creation_timestamp: Some(ticks(found.record.created_at)),
                content: Some(found.content),
            }),
            attachment_filename: filename.clone(),
            display_filename: filename,
        }),
    }
}

fn process_status(record: &Record) -> DocflowStatusModel {
    let status = record.process.status();
    let severity = match status {
        Status::Done => Severity::Success,
        Status::Warning => Severity::Warning,
        Status::Error => Severity::Error,
        Status::Waiting | Status::Running | Status::Cancelled => Severity::Info,
    };
    let hint = summary::summary(&record.process, record.created_at);
    status_model(severity, status, hint)
}

fn item_status(item: &FoundItem) -> DocflowStatusModel {
    let (severity, status) = match item.ok {
        true => (Severity::Success, Status::Done),
        false => (Severity::Error, Status::Error),
    };
    status_model(severity, status, item.messages.join("; "))
}

fn status_model(severity: Severity, status: Status, mut hint: String) -> DocflowStatusModel {
    hint.truncate(hint.floor_char_boundary(HINT_BYTES_MAX));
    DocflowStatusModel {
        severity: Some(severity.into()),
        status_text: Some(status.name().to_owned()),
        status_hint: Some(hint).filter(|hint| !hint.is_empty()),
    }
}

/// When it was delivered: at an end that is neither a failure nor a cancellation.
fn delivered(process: &Process) -> Option<jiff::Timestamp> {
    let ended = process.ended.as_ref()?;
    matches!(ended.status, Status::Done | Status::Warning).then_some(ended.at)
}

fn opening(process: &Process) -> Option<&Opening> {
    process.opening.as_ref().map(|(_, opening)| opening)
}

/// Values that Diadoc has no field for.
fn custom_data(process: &Process) -> Vec<CustomDataItem> {
    let kind = process.decided_kind();
    let stamp = process.opening.as_ref().map(|(stamp, _)| stamp);
    let opening = opening(process);
    let ended = process.ended.as_ref();
    let of_opening =
        |field: fn(&Opening) -> &Option<String>| opening.and_then(|o| field(o).clone());
    let values = [
        ("kind", kind.map(|kind| kind.name().to_owned())),
        ("source", stamp.map(|stamp| stamp.source.clone())),
        ("module", of_opening(|opening| &opening.module)),
        ("workflow", of_opening(|opening| &opening.workflow)),
        ("done", Some(process.done().to_string())),
        ("total", process.total().map(|total| total.to_string())),
        ("failed", Some(process.items.failed.to_string())),
        ("code", ended.and_then(|ended| ended.code.clone())),
    ];
    let given = |(key, value): (&str, Option<String>)| {
        value.map(|value| CustomDataItem {
            key: key.to_owned(),
            value: Some(value),
        })
    };
    values.into_iter().filter_map(given).collect()
}

fn ticks(time: jiff::Timestamp) -> Timestamp {
    let ticks = time.as_nanosecond().div_euclid(NANOSECONDS) + TICKS_1970;
    Timestamp {
        ticks: i64::try_from(ticks).unwrap_or_default(),
    }
}
