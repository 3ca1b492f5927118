//! `POST /v1/uploads`: files, each of which becomes an upload with a token of its own.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::extract::multipart::{Field, Multipart, MultipartRejection};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::caller::Caller;
use super::super::openapi::{answers, asks};
use super::super::parameters::Parameters;
use super::super::problem::{HttpProblem, Trouble};
use super::super::{Api, prefer};
use super::identity::{self, SOURCE};
use super::keep::{Allowance, Attachment, Owner};
use super::receipt::{self, Uploads};
use super::single::Happened;
use crate::core::ProcessKey;

/// The only file of an upload.
const FILE: &str = "file";
/// Files of one request.
const FILES_MAX: usize = 100;
/// What may be said of them, for all alike.
const FIELDS: [&str; 5] = ["workflow_id", "module", "group", "documents", "attributes"];
/// The longest of them.
const FIELD_BYTES_MAX: usize = 64 << 10;
/// Fields that are JSON; the others are texts.
const JSON_FIELDS: [&str; 2] = ["documents", "attributes"];

const NO_FORM: &str = "the body must be multipart/form-data";
const NO_FILE: &str = "there is no file: a part with a filename is one";
const BROKEN: &str = "the body is no whole multipart/form-data";

/// A file that was kept, with the identity of its upload.
struct Uploaded {
    id: String,
    token: String,
    attachment: Attachment,
}

/// Keeps files and opens an upload for each.
#[utoipa::path(
    post,
    path = "/v1/uploads",
    operation_id = "upload",
    tag = "sending",
    summary = "Sends files, each of which becomes an upload",
    description = "With a token of its own. What a file is, its contents tell.",
    params(asks::Prefer, asks::IdempotencyKey),
    request_body(content = asks::Upload, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The uploads are open", body = Uploads),
        (status = 202, description = "The files are kept, and their uploads by the broker", body = Uploads),
        answers::Sent,
    ),
)]
pub(in crate::http) async fn post(
    State(api): State<Api>,
    Caller(access): Caller,
    parameters: Parameters,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, HttpProblem> {
    parameters.finish(&[])?;
    let key = identity::key(&headers)?;
    let _place = api.uploads.place()?;
    let mut form = form.map_err(|_| HttpProblem::new(Trouble::UnsupportedMediaType, NO_FORM))?;
    let (said, files) = api.take(&mut form, &access.tenant, key.as_deref()).await?;
    if files.is_empty() {
        return Err(HttpProblem::new(Trouble::InvalidBody, NO_FILE));
    }
    let mut events = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let data = file.data(&said);
        let happened = Happened {
            type_: "upload.received",
            token: Some(&file.token),
            data: data.as_bytes(),
        };
        let read = api.read(&access, &happened, &file.id, None);
        events.push(read.map_err(|problem| problem.within(&number.to_string()))?);
    }
    let receipts = api.submit(&events, prefer::wait(&headers)).await?;
    let attachments = files.into_iter().map(|file| file.attachment);
    Ok(receipt::uploads(receipts, attachments))
}

/// What is said of files, for all alike.
type Said = BTreeMap<String, Value>;

impl Api {
    /// Takes a form in, part by part.
    async fn take(
        &self,
        form: &mut Multipart,
        tenant: &str,
        key: Option<&str>,
    ) -> Result<(Said, Vec<Uploaded>), HttpProblem> {
        let mut allowance = Allowance {
            request: self.uploads.request_bytes,
            file: self.uploads.file_bytes,
        };
        let mut said = Said::new();
        let mut files = Vec::new();
        let broken = |_| HttpProblem::new(Trouble::InvalidBody, BROKEN);
        while let Some(part) = form.next_field().await.map_err(broken)? {
            if part.file_name().is_none() {
                let (name, value) = field(part, &mut allowance).await?;
                said.insert(name, value);
                continue;
            }
            if files.len() == FILES_MAX {
                let detail = format!("there are more than {FILES_MAX} files");
                return Err(HttpProblem::new(Trouble::TooLarge, &detail));
            }
            let id = match key {
                Some(key) => format!("{key}.{}", files.len()),
                None => identity::random(),
            };
            let token = ProcessKey::derived_token(SOURCE, &id);
            let owner = Owner {
                tenant,
                token: &token,
                label: FILE,
            };
            let attachment = self.keep(owner, part, &mut allowance).await?;
            files.push(Uploaded {
                id,
                token,
                attachment,
            });
        }
        Ok((said, files))
    }
}

impl Uploaded {
    fn data(&self, said: &Said) -> String {
        let mut data = json!({
            "filename": self.attachment.name,
            "attachments": [&self.attachment],
        });
        for (name, value) in said {
            if let Some(data) = data.as_object_mut() {
                data.insert(name.clone(), value.clone());
            }
        }
        data.to_string()
    }
}

/// A field that is no file.
async fn field(
    mut part: Field<'_>,
    allowance: &mut Allowance,
) -> Result<(String, Value), HttpProblem> {
    let name = part.name().unwrap_or_default().to_owned();
    if !FIELDS.contains(&name.as_str()) {
        let detail = format!(
            "a field has no name that is known; there are {}",
            FIELDS.join(", ")
        );
        return Err(HttpProblem::new(Trouble::InvalidBody, &detail));
    }
    let mut bytes = Vec::new();
    let broken = |_| HttpProblem::new(Trouble::InvalidBody, BROKEN);
    while let Some(more) = part.chunk().await.map_err(broken)? {
        allowance.request = allowance.request.saturating_sub(more.len() as u64);
        if bytes.len() + more.len() > FIELD_BYTES_MAX {
            let detail = format!("{name} has more than {FIELD_BYTES_MAX} bytes");
            return Err(HttpProblem::new(Trouble::TooLarge, &detail));
        }
        bytes.extend_from_slice(&more);
    }
    let wrong = |what: &str| HttpProblem::body_at(&format!("#/{name}"), what);
    let value = match JSON_FIELDS.contains(&name.as_str()) {
        true => serde_json::from_slice(&bytes).map_err(|_| wrong("must be JSON"))?,
        false => Value::String(String::from_utf8(bytes).map_err(|_| wrong("must be UTF-8"))?),
    };
    Ok((name, value))
}
