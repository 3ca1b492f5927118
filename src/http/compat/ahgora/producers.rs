//! `POST /people` and similar: a list of records becomes an upload with the records as its items.
//!
//! The event has the records as received in its field `records`; the workers that process them read
//! them there and report the outcome of each.

use axum::Extension;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{SOURCE, Validity, json, request, unique};
use crate::http::compat::apply;
use crate::http::state::Api;
use crate::http::submit::{EventRequest, receipt};
use crate::http::web::{Caller, HttpProblem, Parameters, ProblemKind};

/// Most records of one request.
const RECORDS_MAX: usize = 1_000;
/// Most bytes of one request.
const BYTES_MAX: usize = 1 << 20;

const NO_ARRAY: &str = "Request format must be an Array";
const NOT_YET: &str = "the records are stored, but processing has not started yet: do not send them \
                       again, query this subunique later";

/// One of the routes: its module, and its message of success.
#[derive(Debug, Clone, Copy)]
pub(super) struct Producer {
    pub(super) module: &'static str,
    message: &'static str,
}

/// All routes. The messages of `costcenter` and `users` are exactly as documented.
pub(super) const MODULES: [Producer; 7] = [
    producer("people", "People's Integration on progress"),
    producer("absences", "Absence's Integration on progress"),
    producer("paymentDate", "Payment date's Integration on progress"),
    producer("anticipate", "Anticipation's Integration on progress"),
    producer("subsidiaries", "Subsidiary's Integration on progress"),
    producer("costcenter", "Cost center's Integration on progress"),
    producer("users", "User\u{b4}s Integration on progress"),
];

/// The data of the opening event.
#[derive(Serialize)]
struct Received<'a> {
    module: &'a str,
    group: &'a str,
    total: usize,
    records: &'a RawValue,
}

/// The response body.
#[derive(Serialize)]
struct Opened<'a> {
    company: &'a str,
    unique: &'a str,
    subunique: &'a str,
    message: &'a str,
}

/// Opens an upload of the records, and responds once it is open.
pub(super) async fn post(
    api: Api,
    Caller(access): Caller,
    (Extension(producer), Extension(Validity(validity))): (
        Extension<Producer>,
        Extension<Validity>,
    ),
    (mut parameters, headers): (Parameters, HeaderMap),
    body: Body,
) -> Result<Response, HttpProblem> {
    request::check(&access, &mut parameters, &headers)?;
    parameters.finish_leniently()?;
    let body = api.room().receive(body, BYTES_MAX).await?;
    let (records, total) = records(&body.bytes)?;
    let unique = unique::current(&api, &access.tenant, validity).await?;
    let subunique = unique::random();
    let data = Received {
        module: producer.module,
        group: &unique,
        total,
        records,
    };
    let data = serde_json::to_vec(&data).unwrap_or_default();
    let request = EventRequest {
        type_: "upload.received",
        token: Some(&subunique),
        data: &data,
    };
    let event = api.read(&access, &request, (SOURCE, &subunique), None)?;
    let (status, message) = match apply(&api, event).await? {
        receipt::ReceiptState::Applied | receipt::ReceiptState::Late => {
            (StatusCode::OK, producer.message)
        }
        receipt::ReceiptState::Accepted | receipt::ReceiptState::Refused => {
            (StatusCode::ACCEPTED, NOT_YET)
        }
    };
    let opened = Opened {
        company: &access.tenant,
        unique: &unique,
        subunique: &subunique,
        message,
    };
    Ok((status, json(&opened)).into_response())
}

/// The list as received, and the number of its records.
fn records(body: &[u8]) -> Result<(&RawValue, usize), HttpProblem> {
    if !body.trim_ascii_start().starts_with(b"[") {
        return Err(invalid(NO_ARRAY));
    }
    let broken = |error: serde_json::Error| {
        let (line, column) = (error.line(), error.column());
        invalid(&format!(
            "the body is no JSON, at line {line} column {column}"
        ))
    };
    let list: &RawValue = serde_json::from_slice(body).map_err(broken)?;
    let records: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(broken)?;
    let count = records.len();
    if !(1..=RECORDS_MAX).contains(&count) {
        let detail = format!("the Array must have 1 to {RECORDS_MAX} records, not {count}");
        return Err(invalid(&detail));
    }
    let is_object = |record: &&RawValue| record.get().starts_with('{');
    match records.iter().position(|record| !is_object(record)) {
        None => Ok((list, count)),
        Some(place) => {
            let detail = format!("record {} of the Array must be an object", place + 1);
            Err(invalid(&detail))
        }
    }
}

fn invalid(detail: &str) -> HttpProblem {
    HttpProblem::new(ProblemKind::InvalidBody, detail)
}

const fn producer(module: &'static str, message: &'static str) -> Producer {
    Producer { module, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_a_list_of_objects_and_come_through_as_they_were_sent() {
        let sent = " [ {\"matricula\" : \"01\"},{\"n\":1e400}]\n";
        let (list, count) = records(sent.as_bytes()).unwrap();
        assert_eq!((list.get(), count), (sent.trim(), 2));
        let many = format!("[{}{{}}]", "{},".repeat(1_000));
        for (wrong, message) in [
            ("", NO_ARRAY),
            ("{\"a\":[]}", NO_ARRAY),
            ("\"[]\"", NO_ARRAY),
            ("[]", "the Array must have 1 to 1000 records, not 0"),
            (&many, "the Array must have 1 to 1000 records, not 1001"),
            ("[{},7]", "record 2 of the Array must be an object"),
            ("[{}] []", "the body is no JSON, at line 1 column 6"),
            ("[{}", "the body is no JSON, at line 1 column 3"),
        ] {
            let problem = records(wrong.as_bytes()).unwrap_err();
            assert_eq!(problem.detail(), message);
        }
        assert!(records(b"[{\"a\":\"\xff\"}]").is_err());
    }
}
