//! A request body that is a JSON object: each known field once, all faults reported at once with
//! their JSON pointers.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use super::problem::{HttpProblem, ProblemKind};
use crate::wire::FieldFault;

/// Most faults of one response; the rest is reported once these are fixed.
const FAULTS_MAX: usize = 20;
/// The root of a body, as a JSON pointer in the form of a URI fragment.
const TOP: &str = "#";

/// The fields of an object that have not been read yet.
#[derive(Debug)]
pub(in crate::http) struct ObjectFields {
    at: String,
    left: Map<String, Value>,
    faults: Vec<FieldFault>,
}

impl ObjectFields {
    /// The fields of the value at a pointer of the body, if it is an object.
    pub(in crate::http) fn of(value: Value, at: String) -> Result<Self, HttpProblem> {
        match value {
            Value::Object(left) => Ok(Self {
                at,
                left,
                faults: Vec::new(),
            }),
            _ => Err(HttpProblem::body(vec![fault(at, "must be an object")])),
        }
    }

    /// Reads an optional field; null means absent.
    pub(in crate::http) fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.left.remove(name).filter(|value| !value.is_null())?;
        match read(value) {
            Ok(value) => Some(value),
            Err(detail) => {
                self.complain(name, &detail);
                None
            }
        }
    }

    /// Reads a required field.
    pub(in crate::http) fn need<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<T, String>,
    ) -> Option<T> {
        if self.left.get(name).is_none_or(Value::is_null) {
            self.left.remove(name);
            self.complain(name, "is missing");
            return None;
        }
        self.take(name, read)
    }

    /// Reports all faults; a field that was not read is unknown, `known` are the valid ones.
    pub(in crate::http) fn finish(mut self, known: &[&str]) -> Result<(), HttpProblem> {
        let unknown = std::mem::take(&mut self.left);
        let detail = format!("is unknown; there are {}", known.join(", "));
        for name in unknown.keys() {
            self.complain(name, &detail);
        }
        self.faults.truncate(FAULTS_MAX);
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(HttpProblem::body(self.faults))
    }

    fn complain(&mut self, name: &str, detail: &str) {
        let name = name.replace('~', "~0").replace('/', "~1");
        self.faults
            .push(fault(format!("{}/{name}", self.at), detail));
    }
}

impl<S: Send + Sync> FromRequest<S> for ObjectFields {
    type Rejection = HttpProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, HttpProblem> {
        if !may_be_json(request.headers()) {
            let detail = "send it as application/json";
            return Err(HttpProblem::new(ProblemKind::UnsupportedMediaType, detail));
        }
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|rejection| unread(&rejection))?;
        let value = serde_json::from_slice(&body).map_err(|error| unparsed(&error))?;
        Self::of(value, TOP.to_owned())
    }
}

/// The string of a field.
pub(in crate::http) fn text(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err("must be a text".to_owned()),
    }
}

/// The array of a field.
pub(in crate::http) fn list(value: Value) -> Result<Vec<Value>, String> {
    match value {
        Value::Array(values) => Ok(values),
        _ => Err("must be a list".to_owned()),
    }
}

/// A missing `Content-Type` means JSON.
fn may_be_json(headers: &HeaderMap) -> bool {
    let Some(type_) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let type_ = type_.to_str().unwrap_or_default();
    let essence = type_.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn unread(rejection: &BytesRejection) -> HttpProblem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return HttpProblem::new(ProblemKind::TooLarge, "request less at once");
    }
    HttpProblem::new(ProblemKind::InvalidBody, "the body did not arrive whole")
}

/// Names only the position: the parser's message may quote the body.
fn unparsed(error: &serde_json::Error) -> HttpProblem {
    let (line, column) = (error.line(), error.column());
    let detail = match error.is_eof() {
        true => format!("ends in the middle of the JSON, at line {line} column {column}"),
        false => format!("is no JSON, at line {line} column {column}"),
    };
    HttpProblem::body(vec![fault(TOP.to_owned(), &detail)])
}

fn fault(pointer: String, detail: &str) -> FieldFault {
    FieldFault {
        detail: detail.to_owned(),
        pointer: Some(pointer),
    }
}
