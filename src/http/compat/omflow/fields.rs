//! The fields of a request, in any of the three encodings: each known one once; others are ignored.

use std::collections::BTreeMap;

use axum::extract::multipart::Field;
use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::value::RawValue;

use super::answer::Call;
use crate::http::submit::upload::BROKEN;
use crate::http::web::memory_budget::{EARLY_BYTES_MAX, MemoryBudget, MemoryPermit, Received};
use crate::http::web::{HttpProblem, ProblemKind};

/// The known fields.
const NAMES: [&str; 7] = [
    "security",
    "action",
    "data_no",
    "data_id",
    "formdata",
    "files_item",
    "outcome",
];

const NO_KIND: &str =
    "send it as application/x-www-form-urlencoded, multipart/form-data or application/json";
const NO_OBJECT: &str = "the body must be a JSON object";
const ODD_NAME: &str = "a file must have its name in filename; filename* is not read";
const NO_TEXT: &str = "a field is not in UTF-8";

/// The encoding of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyEncoding {
    Form,
    Json,
    Multipart,
}

/// The known fields: strings, and JSON as its text.
#[derive(Default)]
pub(super) struct KnownFields {
    texts: BTreeMap<&'static str, String>,
    /// The permits for their memory.
    permits: Vec<MemoryPermit>,
    bytes: usize,
}

impl BodyEncoding {
    /// The encoding by the header `Content-Type`.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, HttpProblem> {
        let type_ = headers.get(header::CONTENT_TYPE);
        let type_ = type_.and_then(|value| value.to_str().ok());
        let essence = type_.and_then(|type_| type_.split(';').next());
        match essence.unwrap_or_default().trim().to_ascii_lowercase() {
            form if form == "application/x-www-form-urlencoded" => Ok(Self::Form),
            json if json == "application/json" => Ok(Self::Json),
            parts if parts == "multipart/form-data" => Ok(Self::Multipart),
            _ => Err(HttpProblem::new(ProblemKind::UnsupportedMediaType, NO_KIND)),
        }
    }
}

impl KnownFields {
    /// The fields of a URL-encoded form.
    pub(super) fn form(body: Received) -> Result<Self, HttpProblem> {
        let mut fields = Self::default();
        for (name, value) in form_urlencoded::parse(&body.bytes) {
            // The parser replaces invalid UTF-8 by this character, which no client sends.
            match value.contains(char::REPLACEMENT_CHARACTER) {
                true => return Err(HttpProblem::new(ProblemKind::InvalidBody, NO_TEXT)),
                false => fields.add(&name, || Ok(value.into_owned()))?,
            }
        }
        fields.permits.extend(body.into_permit());
        Ok(fields)
    }

    /// The members of a JSON object.
    pub(super) fn json(body: Received) -> Result<Self, HttpProblem> {
        let members: BTreeMap<String, &RawValue> = serde_json::from_slice(&body.bytes)
            .map_err(|_| HttpProblem::new(ProblemKind::InvalidBody, NO_OBJECT))?;
        let mut fields = Self::default();
        for (name, value) in members {
            let value = value.get();
            if value != "null" {
                let text = serde_json::from_str(value).unwrap_or_else(|_| value.to_owned());
                fields.add(&name, || Ok(text))?;
            }
        }
        fields.permits.extend(body.into_permit());
        Ok(fields)
    }

    /// Adds a part of a multipart form; all parts together may have up to `max` bytes.
    pub(super) async fn part(
        &mut self,
        mut part: Field<'_>,
        room: &MemoryBudget,
        max: usize,
    ) -> Result<(), HttpProblem> {
        let name = part.name().unwrap_or_default().to_owned();
        let head = part.headers().get(header::CONTENT_DISPOSITION);
        let head = head.map(HeaderValue::as_bytes).unwrap_or_default();
        // It would be handled as an unknown field, and its file be lost.
        if part.file_name().is_none() && head.windows(10).any(|bytes| bytes == b"filename*=") {
            return Err(HttpProblem::new(ProblemKind::InvalidBody, ODD_NAME));
        }
        let mut bytes = Vec::new();
        let broken = |_| HttpProblem::new(ProblemKind::InvalidBody, BROKEN);
        while let Some(more) = part.chunk().await.map_err(broken)? {
            self.bytes += more.len();
            if self.bytes > max {
                let detail = format!("the fields have more than {max} bytes");
                return Err(HttpProblem::new(ProblemKind::TooLarge, &detail));
            }
            if self.bytes > EARLY_BYTES_MAX {
                self.permits.push(room.take(more.len())?);
            }
            bytes.extend_from_slice(&more);
        }
        let text = |_| HttpProblem::new(ProblemKind::InvalidBody, NO_TEXT);
        self.add(&name, || String::from_utf8(bytes).map_err(text))
    }

    /// A field, unless it is absent or blank.
    pub(super) fn get(&self, name: &'static str) -> Option<&str> {
        let text = self.texts.get(name).map(|text| text.trim());
        text.filter(|text| !text.is_empty())
    }

    /// A required field.
    pub(super) fn need(&self, name: &'static str) -> Result<&str, HttpProblem> {
        let missing = || HttpProblem::body_at(&format!("#/{name}"), "is missing");
        self.get(name).ok_or_else(missing)
    }

    /// Which of the two calls that share a path it is.
    pub(super) fn call(&self) -> Call {
        match self.get("action") {
            Some("update") => Call::Push,
            _ => Call::Open,
        }
    }

    fn add(
        &mut self,
        name: &str,
        value: impl FnOnce() -> Result<String, HttpProblem>,
    ) -> Result<(), HttpProblem> {
        let Some(name) = NAMES.into_iter().find(|known| *known == name) else {
            return Ok(());
        };
        match self.texts.insert(name, value()?) {
            None => Ok(()),
            Some(_) => Err(HttpProblem::body_at(&format!("#/{name}"), "is there twice")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "7f2eaad4-d2eb-4f50-9678-002f8c97915f";

    fn received(text: &str) -> Received {
        Received::of(text.as_bytes().to_vec())
    }

    fn detail(read: Result<KnownFields, HttpProblem>) -> String {
        let problem = read.err().unwrap();
        problem.detail().to_owned()
    }

    #[test]
    fn the_same_fields_come_out_of_a_form_and_of_json() {
        let form = "security=7f2eaad4-d2eb-4f50-9678-002f8c97915f&omflow_restapi=1\
                    &action=create&formdata=%5B%7B%22id%22%3A%20%22a%22%7D%5D&data_no=12&outcome=";
        let json = format!(
            r#"{{"security": "{CODE}", "omflow_restapi": 1, "action": "create",
                "formdata": [{{"id": "a"}}], "data_no": 12, "outcome": null}}"#
        );
        let text = format!(
            r#"{{"security": "{CODE}", "action": "create",
                "formdata": "[{{\"id\": \"a\"}}]", "data_no": "12"}}"#
        );
        for fields in [
            KnownFields::form(received(form)),
            KnownFields::json(received(&json)),
            KnownFields::json(received(&text)),
        ] {
            let fields = fields.ok().unwrap();
            assert_eq!(fields.get("security"), Some(CODE));
            assert_eq!(fields.get("formdata"), Some(r#"[{"id": "a"}]"#));
            assert_eq!(fields.need("data_no").ok(), Some("12"));
            assert!(fields.get("outcome").is_none() && fields.need("data_id").is_err());
            assert_eq!(fields.call(), Call::Open);
        }
    }

    #[test]
    fn unreadable_fields_are_reported() {
        let twice = KnownFields::form(received("action=create&action=update"));
        assert_eq!(detail(twice), "#/action is there twice");
        let bytes = KnownFields::form(received("formdata=%ff"));
        assert_eq!(detail(bytes), NO_TEXT);
        for wrong in ["", "[]", "{", "\"a\""] {
            assert_eq!(
                detail(KnownFields::json(received(wrong))),
                NO_OBJECT,
                "{wrong}"
            );
        }
        let other = KnownFields::form(received("colour=red&colour=blue")).ok();
        assert!(other.is_some_and(|fields| fields.texts.is_empty()));
    }

    #[test]
    fn the_encoding_is_what_the_header_says() {
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            BodyEncoding::of(&headers).ok()
        };
        assert_eq!(
            of("Application/JSON; charset=utf-8"),
            Some(BodyEncoding::Json)
        );
        assert_eq!(
            of("multipart/form-data; boundary=x"),
            Some(BodyEncoding::Multipart)
        );
        assert_eq!(
            of("application/x-www-form-urlencoded"),
            Some(BodyEncoding::Form)
        );
        assert_eq!(of("text/plain"), None);
        assert!(BodyEncoding::of(&HeaderMap::new()).is_err());
    }
}
