//! Whole bodies of the monitor's responses.

use super::*;
use crate::domain::{Item, Opening};
use crate::http::compat::tests;

const OPENED: &str = "2026-01-02T03:04:05Z";

fn record(token: &str, total: Option<u64>) -> Record {
    let stamp = tests::stamp(OPENED, "ahgora");
    let opening = Opening {
        group: Some("8dbf32bc".to_owned()),
        ..Opening::default()
    };
    let mut record = tests::unopened("a133595", token, OPENED);
    record.process.opening = Some((stamp.clone(), opening));
    record.process.total = total.map(|total| (stamp, total));
    record
}

fn with_item(mut record: Record, identifier: &str, messages: &[&str]) -> Record {
    let ok = messages.is_empty();
    record.items.push(Item {
        identifier: identifier.to_owned(),
        ok,
        messages: messages.iter().map(|text| (*text).to_owned()).collect(),
        document_id: None,
        data: None,
    });
    record.process.items.seen += 1;
    record.process.items.failed += u64::from(!ok);
    record
}

fn ended(record: Record, status: Status, message: Option<&str>) -> Record {
    tests::ended(record, status, OPENED, message)
}

fn body(answer: &Answer<'_>) -> Value {
    serde_json::to_value(answer).unwrap()
}

/// The body of a company's response with these errors, and with `done` of `total` records.
fn expected(subunique: &str, errors: &Value, status: &str, (done, total): (&str, &str)) -> Value {
    json!({
        "data": {"errors": errors},
        "company": "a133595",
        "unique": "8dbf32bc",
        "subunique": subunique,
        "status": status,
        "progress": {"done": done, "total": total},
    })
}

#[test]
fn a_request_without_errors_is_done_and_counts_in_texts() {
    let record = ended(
        with_item(record("7ef8d189", Some(1)), "01010", &[]),
        Status::Done,
        None,
    );
    let answer = serde_json::to_string(&of_process(&record)).unwrap();
    assert_eq!(
        answer,
        r#"{"data":{"errors":[]},"company":"a133595","unique":"8dbf32bc","subunique":"7ef8d189","#
            .to_owned()
            + r#""status":"done","progress":{"done":"1","total":"1"}}"#
    );
}

#[test]
fn every_error_has_its_identifier_and_all_its_messages() {
    let messages = [
        "CPF Inválido",
        "E-mail já cadastrado.",
        "PIS já cadastrado.",
    ];
    let record = with_item(record("c01de0cc", Some(3)), "01011", &messages);
    let record = with_item(with_item(record, "01012", &["no name"]), "01013", &[]);
    let record = ended(record, Status::Warning, None);
    let errors = json!([
        {"identifier": "01011", "message": messages},
        {"identifier": "01012", "message": ["no name"]},
    ]);
    let expected = expected("c01de0cc", &errors, "warning", ("3", "3"));
    assert_eq!(body(&of_process(&record)), expected);
}

#[test]
fn an_end_without_items_says_why_and_a_cancelled_process_is_an_error() {
    for (status, message) in [
        (Status::Error, Some("the file is locked")),
        (Status::Cancelled, Some("a mistake")),
        (Status::Cancelled, None),
    ] {
        let record = ended(record("t", Some(2)), status, message);
        let errors = json!([{"identifier": "t", "message": [message.unwrap_or("cancelled")]}]);
        let expected = expected("t", &errors, "error", ("0", "2"));
        assert_eq!(body(&of_process(&record)), expected);
    }
}

#[test]
fn done_and_total_differ_until_the_end() {
    let mut unopened = record("t", None);
    unopened.process.opening = None;
    let one = with_item(record("t", Some(1)), "01010", &[]);
    for (record, done, total) in [
        (unopened, "0", "1"),
        (record("t", Some(0)), "0", "1"),
        (one.clone(), "0", "1"),
        (with_item(record("t", None), "a", &[]), "1", "2"),
        (with_item(record("t", Some(3)), "a", &[]), "1", "3"),
    ] {
        let answer = body(&of_process(&record));
        assert_eq!(answer["status"], "processing");
        assert_eq!(answer["progress"], json!({"done": done, "total": total}));
    }
    let answer = body(&of_process(&ended(one, Status::Done, None)));
    assert_eq!(answer["progress"], json!({"done": "1", "total": "1"}));
}

#[test]
fn a_unique_is_the_sum_of_its_requests() {
    let sum = |statuses: &[Status]| {
        let mut sum = Sum::default();
        for status in statuses {
            sum.add(*status, 2, Some(2));
        }
        sum
    };
    for (statuses, status) in [
        (vec![Status::Done, Status::Running], "processing"),
        (vec![Status::Error, Status::Waiting], "processing"),
        (vec![Status::Done, Status::Done], "done"),
        (vec![Status::Error, Status::Cancelled], "error"),
        (vec![Status::Error, Status::Done], "warning"),
        (vec![Status::Error, Status::Warning], "warning"),
        (vec![Status::Warning], "warning"),
    ] {
        assert_eq!(sum(&statuses).status(), status, "{statuses:?}");
    }
    let failing = [
        with_item(record("b", None), "2", &["late"]),
        ended(record("a", None), Status::Error, Some("early")),
    ];
    let sum = sum(&[Status::Running, Status::Error, Status::Done]);
    let errors = json!([
        {"identifier": "2", "message": ["late"]},
        {"identifier": "a", "message": ["early"]},
    ]);
    let answer = of_group("a133595", "8dbf32bc", &sum, &failing);
    let expected = expected("", &errors, "processing", ("5", "6"));
    assert_eq!(body(&answer), expected);
}
