//! Whole bodies of responses to clients of Open-Capture.

use serde_json::{Value, json};

use super::dates::Language;
use super::request::shown;
use super::row::{is_short, row, statuses};
use crate::domain::{Item, ItemCounts, Opening, Status};
use crate::http::compat::tests::{self, at};
use crate::store::read::numeric_id::number;
use crate::store::read::record::{LoggedEvent, Record};

const TOKEN: &str = "7f2eaad4-d2eb-4f50-9678-002f8c97915f";
const OPENED: &str = "2023-04-27T10:28:31Z";
const ENDED: &str = "2023-04-27T10:28:53.359Z";
const FIELDS: &str = r#"{"address1": "19 RUE VACON", "city": "Marseille", "country": "France",
    "document_date": "15/12/2016", "document_due_date": "14/01/2017", "form_id": 3,
    "invoice_number": "INV-001510", "lines_count": 0, "name": "Calinda",
    "no_rate_amount": "2042.5", "postal_code": "13001", "quotation_number": "AM161941219-1607",
    "siren": "493811251", "siret": "49381125100047", "taxes_count": 1, "total_ht": "2042.5",
    "total_ttc": "2451", "total_vat": "408.50", "vat_amount": "408.50",
    "vat_number": "FR04493811251", "vat_rate": "20"}"#;

fn unopened() -> Record {
    tests::unopened("default", TOKEN, OPENED)
}

fn opened() -> Record {
    let mut record = unopened();
    let stamp = tests::stamp(OPENED, "waybill-http");
    let opening = Opening {
        filename: Some("CALINDA_INV-001510_uctl.pdf".to_owned()),
        module: Some("verifier".to_owned()),
        workflow: Some("default_workflow".to_owned()),
        ..Opening::default()
    };
    record.process.opening = Some((stamp, opening));
    record
}

fn ended(status: Status, message: Option<&str>) -> Record {
    tests::ended(opened(), status, ENDED, message)
}

fn with_items(mut record: Record, items: &[(&str, Option<&str>, Option<&str>)]) -> Record {
    let item = |(identifier, document_id, data): &(&str, Option<&str>, Option<&str>)| Item {
        identifier: (*identifier).to_owned(),
        ok: true,
        messages: Vec::new(),
        document_id: document_id.map(str::to_owned),
        data: data.map(str::to_owned),
    };
    record.items = items.iter().map(item).collect();
    record.process.items = ItemCounts {
        seen: u64::try_from(items.len()).unwrap(),
        failed: 0,
    };
    record
}

fn with_event(mut record: Record, type_name: &str, data: &Value, late: bool) -> Record {
    let number = record.events.len() + 32;
    record.events.push(LoggedEvent {
        refused: None,
        source: "ocr".to_owned(),
        id: number.to_string(),
        type_name: type_name.to_owned(),
        time: at(&format!("2023-04-27T10:28:{number}Z")),
        sequence: None,
        late,
        data: data.to_string(),
        received_at: at(ENDED),
    });
    record.logged += 1;
    record
}

#[test]
fn the_response_is_that_of_the_documentation() {
    let record = with_items(ended(Status::Done, None), &[("1", Some("1"), Some(FIELDS))]);
    let fields: Value = serde_json::from_str(FIELDS).unwrap();
    let process = json!([{
        "creation_date": "Thu, 27 Apr 2023 10:28:31 GMT",
        "creation_date_formated": "Jeudi 27 Avril 2023 10:28:31",
        "document_ids": [1],
        "elapsed_time": "00:00:22.35",
        "end_date": "Thu, 27 Apr 2023 10:28:53 GMT",
        "end_date_formated": "Jeudi 27 Avril 2023 10:28:53",
        "error": false,
        "filename": "CALINDA_INV-001510_uctl.pdf",
        "id": number(record.process.key),
        "module": "verifier",
        "source": "interface",
        "status": "done",
        "steps": {},
        "token": TOKEN,
        "workflow_id": "default_workflow",
    }]);
    let records = [record];
    let with_data = shown(&records, true, Language::French);
    assert_eq!(
        with_data,
        json!({"document_data": {"1": fields}, "process": process})
    );
    let without = shown(&records, false, Language::French);
    assert_eq!(without, json!({ "process": process }));
    let other = shown(&records, false, Language::Other);
    let row = &other["process"][0];
    assert_eq!(row["creation_date_formated"], "Apr 27 2023 10:28:31");
    assert_eq!(shown(&[], true, Language::French), json!({ "process": [] }));
}

#[test]
fn a_process_waits_runs_and_is_done_with_any_outcome() {
    let waiting = row(&unopened(), Language::French);
    let expected = json!({
        "creation_date": "Thu, 27 Apr 2023 10:28:31 GMT",
        "creation_date_formated": "Jeudi 27 Avril 2023 10:28:31",
        "document_ids": [],
        "elapsed_time": null,
        "end_date": null,
        "end_date_formated": null,
        "error": false,
        "filename": null,
        "id": number(unopened().process.key),
        "module": null,
        "source": null,
        "status": "wait",
        "steps": {},
        "token": TOKEN,
        "workflow_id": null,
    });
    assert_eq!(Value::Object(waiting), expected);
    let shows = |record: &Record| {
        let row = row(record, Language::French);
        (row["status"].clone(), row["error"].clone())
    };
    assert_eq!(shows(&opened()), (json!("running"), json!(false)));
    let mut failing = with_items(opened(), &[("1", None, None)]);
    failing.process.items.failed = 1;
    assert_eq!(shows(&failing), (json!("running"), json!(true)));
    for (status, error) in [
        (Status::Done, false),
        (Status::Warning, true),
        (Status::Error, true),
        (Status::Cancelled, true),
    ] {
        assert_eq!(shows(&ended(status, None)), (json!("done"), json!(error)));
    }
    assert_eq!(statuses("wait"), Some(vec![Status::Waiting]));
    assert_eq!(statuses("done").map(|all| all.len()), Some(4));
    assert_eq!(statuses("error").map(|all| all.len()), Some(3));
    assert_eq!(statuses("warning"), None);
}

#[test]
fn steps_are_numbered_from_one_and_a_failure_is_the_last_of_them() {
    let record = ended(Status::Error, Some("the scan is empty"));
    let read = json!({"name": "ocr", "state": "done", "message": "2 pages read"});
    let record = with_event(record, "upload.step", &read, false);
    let record = with_event(record, "upload.progress", &json!({"done": 1}), false);
    let split = json!({"name": "split", "state": "error"});
    let record = with_event(record, "upload.step", &split, false);
    let record = with_event(record, "upload.step", &json!({"message": "too late"}), true);
    let row = row(&record, Language::French);
    let expected = json!({
        "1": {"status": "running", "message": "2 pages read", "date": "2023-04-27 10:28:32"},
        "2": {"status": "error", "message": "split", "date": "2023-04-27 10:28:34"},
        "3": {"status": "error", "message": "ended with an error: the scan is empty",
              "date": "2023-04-27 10:28:53"},
    });
    assert_eq!(row["steps"], expected);
    assert!(!row.contains_key("truncated"));
}

#[test]
fn documents_come_from_items_and_ids_that_are_no_numbers_stay_texts() {
    let items = [
        ("a", Some("10"), Some(r#"{"x": 1}"#)),
        ("b", Some("9"), None),
        ("c", Some("10"), Some(r#"{"x": 2, "y": 3}"#)),
        ("d", Some("007"), Some("[4]")),
        ("e", Some("9007199254740993"), None),
        ("f", None, Some(r#"{"no": "document"}"#)),
    ];
    let done = with_items(ended(Status::Warning, None), &items);
    let body = shown(&[done], true, Language::French);
    assert_eq!(
        body["process"][0]["document_ids"],
        json!([9, 10, "007", "9007199254740993"])
    );
    let data = json!({"9": {}, "10": {"x": 2, "y": 3}, "007": {"d": [4]}, "9007199254740993": {}});
    assert_eq!(body["document_data"], data);
    let running = with_items(opened(), &items);
    let none = with_items(ended(Status::Done, None), &[("f", None, Some("{}"))]);
    for record in [running, none] {
        let body = shown(&[record], true, Language::French);
        assert!(body.get("document_data").is_none(), "{body}");
    }
}

#[test]
fn an_incomplete_row_is_marked_as_truncated() {
    let mut record = with_items(ended(Status::Done, None), &[("1", Some("1"), None)]);
    record.process.items.seen = 1_001;
    assert_eq!(row(&record, Language::French)["truncated"], true);
    let mut record = ended(Status::Done, None);
    record.logged = 1;
    assert_eq!(row(&record, Language::French)["truncated"], true);
}

#[test]
fn a_record_is_read_again_only_if_that_reads_more() {
    for (read, seen, short) in [(999, 1_000, true), (1_000, 1_001, false), (3, 3, false)] {
        let items = vec![("1", Some("1"), None); read];
        let mut record = with_items(ended(Status::Done, None), &items);
        record.process.items.seen = seen;
        assert_eq!(is_short(&record), short, "{read} of {seen}");
    }
}
