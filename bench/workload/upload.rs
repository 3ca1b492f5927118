//! What happens to one upload. Even ones report items, odd ones only progress.

use waybill::domain::Status;

use super::Expected;

/// How many events it has.
pub(crate) const EVENTS: u32 = 10;

/// The type of an event and the fields of its data.
pub(super) fn happening(upload: u32, sequence: u32) -> (&'static str, String) {
    let total = total(upload);
    let items = upload.is_multiple_of(2);
    match (items, sequence) {
        (_, 0) => (
            "upload.received",
            format!(
                r#""filename":"scan-{upload}.pdf","module":"scanner","workflow_id":"intake","total":{total},"attributes":{{"desk":{}}}"#,
                upload % 7
            ),
        ),
        (_, 9) => ("upload.completed", format!(r#""total":{total}"#)),
        (true, 2) => ("upload.progress", format!(r#""done":0,"total":{total}"#)),
        (true, 3 | 5 | 7) => ("upload.items", items_of(upload, sequence)),
        (false, 2 | 4 | 5 | 7 | 8) => {
            let done = match sequence {
                2 => 1,
                4 => 2,
                5 => 3,
                7 => 4,
                _ => 5,
            };
            (
                "upload.progress",
                format!(r#""done":{done},"total":{total}"#),
            )
        }
        _ => (
            "upload.step",
            format!(
                r#""name":"classification","message":"page {sequence} of {upload}","state":"done""#
            ),
        ),
    }
}

/// How it must end.
pub(super) fn expected(upload: u32) -> Expected {
    let failed = u64::from(upload.is_multiple_of(10));
    let status = if failed > 0 {
        Status::Warning
    } else {
        Status::Done
    };
    Expected {
        status,
        done: total(upload),
        total: Some(total(upload)),
        failed,
    }
}

fn total(upload: u32) -> u64 {
    if upload.is_multiple_of(2) { 6 } else { 5 }
}

fn items_of(upload: u32, sequence: u32) -> String {
    let first = sequence - 2;
    let item = |n: u32| {
        if upload.is_multiple_of(10) && n == 1 {
            format!(r#"{{"identifier":"page-{n}","ok":false,"messages":["upside down"]}}"#)
        } else {
            format!(r#"{{"identifier":"page-{n}","ok":true,"document_id":"doc-{upload}-{n}"}}"#)
        }
    };
    format!(r#""items":[{},{}]"#, item(first), item(first + 1))
}
