//! Documents out of records: whole bodies, in JSON and in protobuf.

use axum::http::{HeaderMap, header};
use prost::Message;
use serde_json::{Value, json};

use super::document::{FoundDocument, document};
use super::proto::{Content, DocumentId, DocumentWithDocflow, GetDocflowBatchResponse};
use super::{form, request};
use crate::domain::{ItemCounts, Kind, Opening, Process, Stamp, Status};
use crate::http::compat::tests::{self, at};
use crate::http::web::memory_budget::MemoryBudget;
use crate::store::read::feed_cursor::FeedCursor;
use crate::store::read::item_lookup::FoundItem;
use crate::store::read::record::Record;

/// An upload of two items of which one failed, at its end.
fn record() -> Record {
    let record = tests::unopened("acme", "t-1", "2026-01-02T03:04:06Z");
    let mut record = tests::ended(record, Status::Warning, "2026-01-02T03:05:00Z", None);
    let stamp = Stamp {
        sequence: Some(0),
        ..tests::stamp("2026-01-02T03:04:05.000006Z", "scanner")
    };
    let opening = Opening {
        filename: Some("a.pdf".to_owned()),
        module: Some("mail".to_owned()),
        workflow: Some("intake".to_owned()),
        group: Some("monday".to_owned()),
        ..Opening::default()
    };
    let process = &mut record.process;
    process.total = Some((stamp.clone(), 2));
    process.opening = Some((stamp, opening));
    process.items = ItemCounts { seen: 2, failed: 1 };
    if let Some(ended) = &mut process.ended {
        ended.code = Some("half".to_owned());
    }
    record.sealed_at = Some(at("2026-01-02T03:05:01Z"));
    record.logged = 3;
    record.cursor = Some(FeedCursor {
        epoch: 1,
        tx: 7,
        pos: 2,
    });
    record
}

fn found(record: &Record, entity: &str, item: Option<&FoundItem>) -> DocumentWithDocflow {
    let id = DocumentId {
        message_id: "t-1".to_owned(),
        entity_id: entity.to_owned(),
    };
    document(FoundDocument {
        id,
        record,
        item,
        last_event_at: record.cursor.map(|_| at("2026-01-02T03:05:00.5Z")),
        content: Content {
            size: if item.is_some() { 3 } else { -1 },
            data: item.map(|_| b"{ }".to_vec()),
        },
    })
}

/// The body that a client gets in JSON; in protobuf it says the same.
async fn body(documents: Vec<DocumentWithDocflow>) -> Value {
    let message = GetDocflowBatchResponse { documents };
    let bytes = message.encode_to_vec();
    assert_eq!(
        GetDocflowBatchResponse::decode(&*bytes),
        Ok(message.clone())
    );
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, "application/json".parse().unwrap());
    let answer = form::answer(&MemoryBudget::default(), &headers, &message).unwrap();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
    serde_json::from_slice(&body.unwrap()).unwrap()
}

#[tokio::test]
async fn a_process_as_a_whole_shows_how_it_ended() {
    let expected = json!({"Documents": [{
        "DocumentId": {"MessageId": "t-1", "EntityId": "t-1"},
        "LastEventId": "c10001000000000000000700000002",
        "LastEventTimestamp": {"Ticks": 639_029_199_005_000_000_i64},
        "DocumentInfo": {
            "DocumentType": "Nonformalized",
            "DocumentDirection": "Outbound",
            "Version": "v1",
        },
        "Docflow": {
            "IsFinished": true,
            "DocumentAttachment": {"Attachment": {
                "Entity": {
                    "EntityId": "t-1",
                    "CreationTimestamp": {"Ticks": 639_029_198_460_000_000_i64},
                    "Content": {"Size": -1},
                },
                "AttachmentFilename": "a.pdf",
                "DisplayFilename": "a.pdf",
            }},
            "DocumentIsDeleted": false,
            "DocflowStatus": {"PrimaryStatus": {
                "Severity": "Warning",
                "StatusText": "warning",
                "StatusHint": "ended with a warning: code half, 1 of 2 items failed",
            }},
            "SendTimestamp": {"Ticks": 639_029_198_450_000_060_i64},
            "DeliveryTimestamp": {"Ticks": 639_029_199_000_000_000_i64},
            "UnilateralDocflow": {"IsFinished": true},
            "PacketId": "monday",
            "CustomData": [
                {"Key": "kind", "Value": "upload"},
                {"Key": "source", "Value": "scanner"},
                {"Key": "module", "Value": "mail"},
                {"Key": "workflow", "Value": "intake"},
                {"Key": "done", "Value": "2"},
                {"Key": "total", "Value": "2"},
                {"Key": "failed", "Value": "1"},
                {"Key": "code", "Value": "half"},
            ],
        },
        "InitialDocumentIds": [],
    }]});
    assert_eq!(body(vec![found(&record(), "t-1", None)]).await, expected);
}

#[tokio::test]
async fn an_item_has_its_own_outcome_and_that_of_its_process_beside() {
    let item = FoundItem {
        ok: false,
        messages: vec!["no date".to_owned(), "no total".to_owned()],
        document_id: Some("d-7".to_owned()),
        bytes: Some(3),
    };
    let body = body(vec![found(&record(), "page-1", Some(&item))]).await;
    let found = &body["Documents"][0];
    let id = json!({"MessageId": "t-1", "EntityId": "page-1"});
    assert_eq!(found["DocumentId"], id);
    let whole = json!([{"MessageId": "t-1", "EntityId": "t-1"}]);
    assert_eq!(found["InitialDocumentIds"], whole);
    assert_eq!(found["DocumentInfo"]["CustomDocumentId"], "d-7");
    let docflow = &found["Docflow"];
    let status = json!({
        "PrimaryStatus": {
            "Severity": "Error",
            "StatusText": "error",
            "StatusHint": "no date; no total",
        },
        "SecondaryStatus": {
            "Severity": "Warning",
            "StatusText": "warning",
            "StatusHint": "ended with a warning: code half, 1 of 2 items failed",
        },
    });
    assert_eq!(docflow["DocflowStatus"], status);
    assert!(docflow.get("DeliveryTimestamp").is_none(), "{docflow}");
    let attachment = json!({"Attachment": {
        "Entity": {
            "EntityId": "page-1",
            "CreationTimestamp": {"Ticks": 639_029_198_460_000_000_i64},
            "Content": {"Size": 3, "Data": "eyB9"},
        },
        "AttachmentFilename": "page-1",
        "DisplayFilename": "page-1",
    }});
    assert_eq!(docflow["DocumentAttachment"], attachment);
}

#[tokio::test]
async fn an_unopened_process_has_not_been_sent() {
    let mut record = record();
    record.process = Process::unopened("acme".to_owned(), "t-1".to_owned(), Kind::Order);
    (record.sealed_at, record.cursor) = (None, None);
    let expected = json!({"Documents": [{
        "DocumentId": {"MessageId": "t-1", "EntityId": "t-1"},
        "DocumentInfo": {
            "DocumentType": "Nonformalized",
            "DocumentDirection": "Outbound",
            "Version": "v1",
        },
        "Docflow": {
            "IsFinished": false,
            "DocumentAttachment": {"Attachment": {"Entity": {
                "EntityId": "t-1",
                "CreationTimestamp": {"Ticks": 639_029_198_460_000_000_i64},
                "Content": {"Size": -1},
            }}},
            "DocumentIsDeleted": false,
            "DocflowStatus": {"PrimaryStatus": {
                "Severity": "Info",
                "StatusText": "waiting",
                "StatusHint": "waiting for its opening event since 2026-01-02T03:04:06Z",
            }},
            "UnilateralDocflow": {"IsFinished": false},
            "CustomData": [
                {"Key": "done", "Value": "0"},
                {"Key": "failed", "Value": "0"},
            ],
        },
        "InitialDocumentIds": [],
    }]});
    assert_eq!(body(vec![found(&record, "t-1", None)]).await, expected);
}

#[test]
fn every_end_has_its_severity() {
    for (status, severity, is_delivered) in [
        (Status::Done, "Success", true),
        (Status::Warning, "Warning", true),
        (Status::Error, "Error", false),
        (Status::Cancelled, "Info", false),
    ] {
        let mut record = record();
        if let Some(ended) = &mut record.process.ended {
            ended.status = status;
        }
        let found = serde_json::to_value(found(&record, "t-1", None)).unwrap();
        let primary = &found["Docflow"]["DocflowStatus"]["PrimaryStatus"];
        assert_eq!(primary["Severity"], severity);
        let delivered = &found["Docflow"]["DeliveryTimestamp"];
        assert_eq!(delivered.is_object(), is_delivered, "{status:?}");
    }
}

/// What is wrong with a batch in JSON.
fn fault(batch: &Value) -> String {
    let batch = form::read("Batch", &HeaderMap::new(), batch.to_string().as_bytes());
    let requests = batch.and_then(|batch| request::requests(batch, "acme"));
    requests.unwrap_err().detail().to_owned()
}

#[test]
fn all_faults_of_a_batch_are_reported_by_index() {
    let good = json!({"DocumentId": {"MessageId": "t", "EntityId": "e"}});
    let batch = json!({"Requests": [
        good,
        {"DocumentId": {"MessageId": "t"}},
        {"InjectEntityContent": true},
        {"DocumentId": {"MessageId": "t", "EntityId": "e\n"}},
        {"DocumentId": {"MessageId": "t", "EntityId": "e"}, "LastEventId": "never"},
        {"DocumentId": {"MessageId": "t", "EntityId": "e"}, "LastEventId": ""},
    ]});
    assert_eq!(
        fault(&batch),
        "Requests[1].DocumentId.EntityId is missing; \
         Requests[2].DocumentId.MessageId is missing; \
         Requests[3].DocumentId.EntityId must not contain control characters; \
         Requests[4].LastEventId must be one from a response for this document, or the cursor of \
         one of its events"
    );
    let nothing = json!({"Requests": vec![json!({}); 7]});
    assert!(fault(&nothing).ends_with("; and 2 more"));
    let many = json!({"Requests": vec![good; 101]});
    assert!(fault(&many).contains("at most 100 documents, not 101"));
    let typed = json!({"Requests": [{"DocumentId": 7}]});
    assert_eq!(
        fault(&typed),
        "the body is no Batch in JSON, at line 1 column 28"
    );
}
