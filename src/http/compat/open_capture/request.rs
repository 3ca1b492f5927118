//! `POST monitoring/getProcessByToken` and `GET monitoring/getProcessById/{id}`: one process, in a
//! list that is empty if there is no such process.

use axum::Extension;
use axum::body::Body;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::dates::Language;
use super::row::{PARTS, PARTS_WITH_DATA, document_data, row};
use crate::domain::ProcessKey;
use crate::http::state::Api;
use crate::http::web::{Caller, HttpProblem, ProblemKind};
use crate::store::read::record::Record;
use crate::view::parts::{Part, Parts};
use crate::view::read::ReadQuery;

/// Most bytes of a body.
const BODY_BYTES_MAX: usize = 64 << 10;

const NO_TOKEN: &str =
    "must be a string that is not empty: the token from the response to the upload";
const NO_NUMBER: &str = "no such path: the last part must be the id of a process, a whole number";

/// The token, and whether to include the data of the documents.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ProcessParameters {
    pub(super) token: String,
    pub(super) retrieve_data: bool,
}

/// The parameter of the path.
#[derive(Deserialize)]
pub(super) struct Numbered {
    id: String,
}

/// Returns a process by its token.
pub(super) async fn by_token(
    api: Api,
    Caller(access): Caller,
    Extension(language): Extension<Language>,
    body: Body,
) -> Result<Response, HttpProblem> {
    let body = api.room().receive(body, BODY_BYTES_MAX).await?;
    let parameters = ProcessParameters::read(&fields(&body.bytes)?)?;
    let key = ProcessKey::of(&access.tenant, &parameters.token);
    let parts: &[Part] = match parameters.retrieve_data {
        true => &PARTS_WITH_DATA,
        false => &PARTS,
    };
    let records = records(&api, &[key], parts).await?;
    api.room()
        .json(&shown(&records, parameters.retrieve_data, language))
}

/// Returns a process by its number.
pub(super) async fn by_number(
    api: Api,
    Caller(access): Caller,
    Extension(language): Extension<Language>,
    path: Result<Path<Numbered>, PathRejection>,
) -> Result<Response, HttpProblem> {
    let number = path.ok().and_then(|path| path.0.id.parse().ok());
    let number = number.ok_or_else(|| HttpProblem::new(ProblemKind::NotFound, NO_NUMBER))?;
    let tokens = api.store().numbered(&access.tenant, number).await?;
    let keys = tokens.iter();
    let keys: Vec<_> = keys
        .map(|token| ProcessKey::of(&access.tenant, token))
        .collect();
    let records = records(&api, &keys, &PARTS).await?;
    api.room().json(&shown(&records, false, language))
}

/// The response body.
pub(super) fn shown(records: &[Record], with_data: bool, language: Language) -> Value {
    let rows = records.iter().map(|record| row(record, language));
    let process = rows.collect::<Vec<_>>();
    let data = records.first().filter(|_| with_data);
    match data.and_then(document_data) {
        Some(data) => json!({"process": process, "document_data": data}),
        None => json!({ "process": process }),
    }
}

/// The records of these processes in this order, without missing ones.
pub(super) async fn records(
    api: &Api,
    keys: &[ProcessKey],
    parts: &[Part],
) -> Result<Vec<Record>, HttpProblem> {
    let query = |key: &ProcessKey| ReadQuery::now(*key, Parts::of(parts));
    let queries: Vec<_> = keys.iter().map(query).collect();
    let found = api.records(&queries).await?.into_iter();
    Ok(found.flatten().map(|found| found.record).collect())
}

/// The fields of a JSON body.
pub(super) fn fields(body: &[u8]) -> Result<Map<String, Value>, HttpProblem> {
    let body = serde_json::from_slice(body).map_err(|_| "must be JSON");
    let fields = body.and_then(|body| match body {
        Value::Object(fields) => Ok(fields),
        _ => Err("must be an object"),
    });
    fields.map_err(|what| HttpProblem::new(ProblemKind::InvalidBody, &format!("the body {what}")))
}

impl ProcessParameters {
    /// Reads the fields; unknown ones are ignored.
    pub(super) fn read(fields: &Map<String, Value>) -> Result<Self, HttpProblem> {
        let token = fields.get("token").and_then(Value::as_str);
        let token = token.filter(|token| !token.is_empty());
        let wrong = |name: &str, what: &str| {
            HttpProblem::new(ProblemKind::InvalidBody, &format!("`{name}` {what}"))
        };
        let retrieve_data = match fields.get("retrieveData") {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(wrong("retrieveData", "must be true or false")),
        };
        Ok(Self {
            token: token.ok_or_else(|| wrong("token", NO_TOKEN))?.to_owned(),
            retrieve_data: retrieve_data?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_needs_a_token_and_other_fields_are_ignored() {
        let read = |body: Value| ProcessParameters::read(body.as_object().unwrap());
        let parameters = read(json!({"token": "t", "retrieveData": true, "lang": "fra"})).unwrap();
        assert!(parameters.retrieve_data && parameters.token == "t");
        for body in [
            json!({"token": "t"}),
            json!({"token": "t", "retrieveData": null}),
        ] {
            assert!(!read(body).unwrap().retrieve_data);
        }
        for (body, field) in [
            (json!({}), "`token`"),
            (json!({"token": ""}), "`token`"),
            (json!({"token": 7}), "`token`"),
            (
                json!({"token": "t", "retrieveData": "yes"}),
                "`retrieveData`",
            ),
        ] {
            let problem = read(body).unwrap_err();
            assert!(problem.detail().contains(field), "{}", problem.detail());
        }
    }
}
