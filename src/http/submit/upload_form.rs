//! A multipart form with files: each file is stored and becomes an upload with a token of its own.
//! The fields apply to all of them, whether they come before the files or after.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::multipart::{Field, MultipartRejection};
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::event_request::EventRequest;
use super::idempotency::{self, SOURCE};
use super::multipart::MultipartParts;
use super::receipt::Receipt;
use super::upload::{ALL_TOO_LARGE, Allowance, Attachment, BROKEN, Owner};
use super::upload_limits::UploadPermit;
use crate::domain::ProcessKey;
use crate::domain::access::Access;
use crate::http::state::Api;
use crate::http::web::{HttpProblem, ProblemKind};
use crate::wire::Accepted;

/// The label of the only file of an upload.
const FILE: &str = "file";
/// Most files of one request.
const FILES_MAX: usize = 100;
/// Most fields of one request.
const FIELDS_MAX: usize = 100;
/// Most bytes of a field.
const FIELD_BYTES_MAX: usize = 64 << 10;

const NO_FORM: &str = "the body must be multipart/form-data";
const NO_FILE: &str = "there is no file: a part with a filename is one";

/// The fields that a form may have beside its files.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct AllowedFields {
    /// Names of text fields.
    pub(in crate::http) texts: &'static [&'static str],
    /// Names of JSON fields.
    pub(in crate::http) json: &'static [&'static str],
    /// Whether unknown fields are ignored instead of rejected.
    pub(in crate::http) ignores_unknown: bool,
}

/// Who sent the form, and its idempotency key.
#[derive(Debug, Clone, Copy)]
struct Sender<'a> {
    access: &'a Access,
    key: Option<&'a str>,
}

/// A form that was received; until it is dropped it counts as an upload in progress.
#[derive(Debug)]
pub(in crate::http) struct UploadForm {
    /// The fields, which apply to all files.
    pub(in crate::http) fields: BTreeMap<String, Value>,
    /// At least one.
    pub(in crate::http) files: Vec<Uploaded>,
    _place: UploadPermit,
}

/// A stored file, with the id and token of its upload.
#[derive(Debug)]
pub(in crate::http) struct Uploaded {
    id: String,
    token: String,
    pub(in crate::http) attachment: Attachment,
}

impl Api {
    /// Receives a form and stores its files; if it is refused, they are removed.
    pub(in crate::http) async fn receive_form(
        &self,
        access: &Access,
        headers: &HeaderMap,
        form: Result<MultipartParts, MultipartRejection>,
        fields: AllowedFields,
    ) -> Result<UploadForm, HttpProblem> {
        let key = idempotency::key(headers)?;
        let key = key.as_deref();
        let sender = Sender { access, key };
        let place = self.uploads.place(self.tenant())?;
        let form =
            form.map_err(|_| HttpProblem::new(ProblemKind::UnsupportedMediaType, NO_FORM))?;
        let mut received = UploadForm {
            fields: BTreeMap::new(),
            files: Vec::new(),
            _place: place,
        };
        match self.fill(sender, form, fields, &mut received).await {
            Ok(()) => Ok(received),
            Err(problem) => Err(self.refuse_form(&received, problem).await),
        }
    }

    async fn fill(
        &self,
        sender: Sender<'_>,
        mut form: MultipartParts,
        fields: AllowedFields,
        received: &mut UploadForm,
    ) -> Result<(), HttpProblem> {
        let mut allowance = Allowance {
            request: self.uploads.request_bytes,
            file: self.uploads.file_bytes,
        };
        let mut count = 0;
        while let Some(part) = form.part().await? {
            if part.file_name().is_some() {
                let file = self.file(sender, received.files.len(), part, &mut allowance);
                received.files.push(file.await?);
                continue;
            }
            count += 1;
            at_most(count, FIELDS_MAX, "fields")?;
            received
                .fields
                .extend(fields.read(part, &mut allowance).await?);
        }
        match received.files.is_empty() {
            true => Err(HttpProblem::new(ProblemKind::InvalidBody, NO_FILE)),
            false => Ok(()),
        }
    }

    /// Lets the files of a refused form be removed.
    pub(in crate::http) async fn refuse_form(
        &self,
        form: &UploadForm,
        problem: HttpProblem,
    ) -> HttpProblem {
        self.withdraw_files(form.attachments()).await;
        problem
    }

    /// Opens an upload for each file.
    pub(in crate::http) async fn open_uploads(
        &self,
        access: &Access,
        form: &UploadForm,
        wait: Option<Duration>,
    ) -> Result<Vec<Receipt>, HttpProblem> {
        let events = match self.read_openings(access, form) {
            Ok(events) => events,
            Err(problem) => return Err(self.refuse_form(form, problem).await),
        };
        self.name_files(form.attachments()).await?;
        self.submit(&events, wait).await
    }

    fn read_openings(
        &self,
        access: &Access,
        form: &UploadForm,
    ) -> Result<Vec<Accepted>, HttpProblem> {
        let openings = form.files.iter().enumerate().map(|(number, file)| {
            let data = file.data(&form.fields);
            let request = EventRequest {
                type_: "upload.received",
                token: Some(&file.token),
                data: data.as_bytes(),
            };
            let read = self.read(access, &request, (SOURCE, &file.id), None);
            read.map_err(|problem| problem.within(&number.to_string()))
        });
        openings.collect()
    }

    /// Stores the file at this index.
    async fn file(
        &self,
        sender: Sender<'_>,
        number: usize,
        part: Field<'_>,
        allowance: &mut Allowance,
    ) -> Result<Uploaded, HttpProblem> {
        at_most(number + 1, FILES_MAX, "files")?;
        let id = match sender.key {
            Some(key) => format!("{key}.{number}"),
            None => idempotency::random(),
        };
        let token = ProcessKey::derived_token(SOURCE, &id);
        let owner = Owner {
            tenant: &sender.access.tenant,
            token: &token,
            label: FILE,
            types: &self.uploads.types,
        };
        let attachment = self.store_file(owner, part, allowance).await?;
        Ok(Uploaded {
            id,
            token,
            attachment,
        })
    }
}

impl UploadForm {
    fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        self.files.iter().map(|file| &file.attachment)
    }
}

impl Uploaded {
    fn data(&self, fields: &BTreeMap<String, Value>) -> String {
        let mut data = json!({
            "filename": self.attachment.name,
            "attachments": [&self.attachment],
        });
        if let Some(data) = data.as_object_mut() {
            data.extend(fields.clone());
        }
        data.to_string()
    }
}

impl AllowedFields {
    /// Reads a field that is not a file; `None` if it is ignored.
    async fn read(
        &self,
        mut part: Field<'_>,
        allowance: &mut Allowance,
    ) -> Result<Option<(String, Value)>, HttpProblem> {
        let name = part.name().unwrap_or_default().to_owned();
        let is_json = self.json.contains(&name.as_str());
        let is_known = is_json || self.texts.contains(&name.as_str());
        if !is_known && !self.ignores_unknown {
            let known = [self.texts, self.json].concat().join(", ");
            let detail = format!("a field has an unknown name; known are {known}");
            return Err(HttpProblem::new(ProblemKind::InvalidBody, &detail));
        }
        let mut bytes = Vec::new();
        let broken = |_| HttpProblem::new(ProblemKind::InvalidBody, BROKEN);
        while let Some(more) = part.chunk().await.map_err(broken)? {
            let left = allowance.request.checked_sub(more.len() as u64);
            let too_large = || HttpProblem::new(ProblemKind::TooLarge, ALL_TOO_LARGE);
            allowance.request = left.ok_or_else(too_large)?;
            if !is_known {
                continue;
            }
            if bytes.len() + more.len() > FIELD_BYTES_MAX {
                let detail = format!("{name} has more than {FIELD_BYTES_MAX} bytes");
                return Err(HttpProblem::new(ProblemKind::TooLarge, &detail));
            }
            bytes.extend_from_slice(&more);
        }
        if !is_known {
            return Ok(None);
        }
        let wrong = |what: &str| HttpProblem::body_at(&format!("#/{name}"), what);
        let value = match is_json {
            true => serde_json::from_slice(&bytes).map_err(|_| wrong("must be JSON"))?,
            false => Value::String(String::from_utf8(bytes).map_err(|_| wrong("must be UTF-8"))?),
        };
        Ok(Some((name, value)))
    }
}

fn at_most(count: usize, max: usize, what: &str) -> Result<(), HttpProblem> {
    if count <= max {
        return Ok(());
    }
    let detail = format!("there are more than {max} {what}");
    Err(HttpProblem::new(ProblemKind::TooLarge, &detail))
}
