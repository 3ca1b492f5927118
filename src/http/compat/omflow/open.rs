//! Opening an order: its fields, then its files, and the number in the response.

use axum::extract::Request;
use axum::extract::multipart;
use axum::response::Response;
use serde::Serialize;

use super::OmflowRequest;
use super::answer::{self, Call};
use super::fields::{BodyEncoding, KnownFields};
use super::formdata::{self, Form};
use crate::domain::access::{Access, Scope};
use crate::domain::event::OrderOpening;
use crate::domain::form::{self, FormFault};
use crate::domain::workflow::{Field, FieldKind, Workflow};
use crate::domain::{Happening, ProcessKey};
use crate::http::compat::apply;
use crate::http::submit::idempotency::SOURCE;
use crate::http::submit::receipt::ReceiptState;
use crate::http::submit::upload::{Allowance, Attachment, Owner};
use crate::http::submit::upload_limits::UploadPermit;
use crate::http::submit::{EventRequest, MultipartParts, idempotency};
use crate::http::web::{HttpProblem, ProblemKind, auth};
use crate::store::read::numeric_id::number;
use crate::wire::{Accepted, FieldFault};

const OPENED: &str = "order.opened";
/// Most files of one order.
const FILES_MAX: usize = 100;

const NO_ACTION: &str = "must be create or update";
const A_FILE: &str = "files come with action=create only, after all the other fields";
const NOT_YET: &str = "the order was sent and is not applied yet; then it gets its number";
const ENDED: &str = "the order can't be opened";

/// An order that is about to be opened.
struct Opening {
    access: Access,
    workflow: Workflow,
    id: String,
    token: String,
    files: Vec<File>,
    _place: Option<UploadPermit>,
}

impl Opening {
    fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        self.files.iter().map(|file| &file.attachment)
    }
}

/// A stored file, with the name of its part: a file field, or any other.
#[derive(Serialize)]
struct File {
    #[serde(flatten)]
    attachment: Attachment,
    field: String,
}

/// The data of the event.
#[derive(Serialize)]
struct Data<'a> {
    workflow_id: &'a str,
    form: &'a Form,
    #[serde(skip_serializing_if = "<[File]>::is_empty")]
    attachments: &'a [File],
}

impl OmflowRequest {
    /// Executes the field `action`.
    pub(super) async fn edit(
        &mut self,
        request: Request,
        fields: &mut KnownFields,
    ) -> Result<Response, HttpProblem> {
        let encoding = BodyEncoding::of(request.headers())?;
        let (access, opening) = match encoding {
            BodyEncoding::Multipart => self.receive_files(request, fields).await?,
            BodyEncoding::Form | BodyEncoding::Json => {
                let (read, access) = self.take(encoding, request).await?;
                *fields = read;
                (auth::allow(access, Scope::Write)?, None)
            }
        };
        if fields.call() == Call::Push {
            return self.push(&access, fields).await;
        }
        let opening = match opening {
            Some(opening) => opening,
            None => self.begin(access, fields).await?,
        };
        self.open(fields, opening).await
    }

    /// Reads a multipart form, its files after all the other fields.
    async fn receive_files(
        &mut self,
        request: Request,
        fields: &mut KnownFields,
    ) -> Result<(Access, Option<Opening>), HttpProblem> {
        let mut form = self.parts(request).await?;
        let access = self.admit_form(&mut form, fields).await?;
        let access = auth::allow(access, Scope::Write)?;
        let mut opening = None;
        let parts = self.receive_parts(form, (&access, fields), &mut opening);
        match parts.await {
            Ok(()) => Ok((access, opening)),
            Err(problem) => {
                let stored = opening.iter().flat_map(Opening::attachments);
                self.api.withdraw_files(stored).await;
                Err(problem)
            }
        }
    }

    async fn receive_parts(
        &self,
        mut form: MultipartParts,
        (access, fields): (&Access, &mut KnownFields),
        opening: &mut Option<Opening>,
    ) -> Result<(), HttpProblem> {
        let (room, max) = (self.api.room(), self.api.limits.body_bytes);
        let mut allowance = Allowance {
            request: self.api.uploads.request_bytes,
            file: self.api.uploads.file_bytes,
        };
        while let Some(part) = form.part().await? {
            // An HTML form sends a part with an empty filename if no file was chosen.
            let is_no_file = part.file_name().is_some_and(str::is_empty);
            if is_no_file || part.file_name().is_none() {
                if opening.is_some() && !is_no_file {
                    return Err(HttpProblem::new(ProblemKind::InvalidBody, A_FILE));
                }
                fields.part(part, &room, max).await?;
                continue;
            }
            let opening = match &mut *opening {
                Some(opening) => opening,
                none => none.insert(self.begin_with_files(access, fields).await?),
            };
            self.add_file(opening, part, &mut allowance).await?;
        }
        Ok(())
    }

    async fn begin_with_files(
        &self,
        access: &Access,
        fields: &KnownFields,
    ) -> Result<Opening, HttpProblem> {
        if fields.get("action") != Some("create") {
            return Err(HttpProblem::new(ProblemKind::InvalidBody, A_FILE));
        }
        let opening = self.begin(access.clone(), fields).await?;
        // Faults of the other fields are reported before any file is stored.
        let event = self.event(fields, &opening)?;
        let filled = formdata::file_fields(fields.get("files_item"), self.api.limits.items)?;
        let declared = &opening.workflow.form;
        let is_file = |id: &String| {
            let is_it = |field: &Field| field.kind == FieldKind::File && field.id == *id;
            filled.contains(id) || declared.iter().any(is_it)
        };
        let mut faults = faults(&opening.workflow, &event);
        faults.retain(|fault| !is_file(&fault.field));
        fits(faults)?;
        Ok(Opening {
            _place: Some(self.api.uploads.place(&opening.access.tenant)?),
            ..opening
        })
    }

    /// Loads the workflow, and generates the token.
    async fn begin(&self, access: Access, fields: &KnownFields) -> Result<Opening, HttpProblem> {
        if fields.need("action")? != "create" {
            return Err(HttpProblem::body_at("#/action", NO_ACTION));
        }
        let workflow = self.workflow(None).await?;
        let id = idempotency::random();
        Ok(Opening {
            access,
            workflow,
            token: ProcessKey::derived_token(SOURCE, &id),
            id,
            files: Vec::new(),
            _place: None,
        })
    }

    async fn add_file(
        &self,
        opening: &mut Opening,
        part: multipart::Field<'_>,
        allowance: &mut Allowance,
    ) -> Result<(), HttpProblem> {
        if opening.files.len() == FILES_MAX {
            let detail = format!("there are more than {FILES_MAX} files");
            return Err(HttpProblem::new(ProblemKind::TooLarge, &detail));
        }
        let field = part.name().unwrap_or_default().to_owned();
        let label = format!("{}.{field}", opening.files.len());
        let owner = Owner {
            tenant: &opening.access.tenant,
            token: &opening.token,
            label: &label,
            types: &self.api.uploads.attachment_types,
        };
        let attachment = self.api.store_file(owner, part, allowance).await?;
        opening.files.push(File { attachment, field });
        Ok(())
    }

    /// The form, with the names of the files.
    fn fill(&self, fields: &KnownFields, opening: &Opening) -> Result<Form, HttpProblem> {
        let max = self.api.limits.items;
        let mut form = formdata::read(fields.get("formdata"), max)?;
        let declared = &opening.workflow.form;
        formdata::fit(&mut form, declared);
        for id in formdata::file_fields(fields.get("files_item"), max)? {
            let files = opening.files.iter().filter(|file| file.field == id);
            let names: Vec<_> = files.map(|file| file.attachment.name.as_str()).collect();
            formdata::name_files(&mut form, &id, &names, declared);
        }
        Ok(form)
    }

    /// The opening event.
    fn event(&self, fields: &KnownFields, opening: &Opening) -> Result<Accepted, HttpProblem> {
        let form = self.fill(fields, opening)?;
        let data = serde_json::to_vec(&Data {
            workflow_id: &self.flow,
            form: &form,
            attachments: &opening.files,
        });
        let request = EventRequest {
            type_: OPENED,
            token: Some(&opening.token),
            data: &data.unwrap_or_default(),
        };
        let id = (SOURCE, opening.id.as_str());
        self.api.read(&opening.access, &request, id, None)
    }

    /// The opening event, if its form has no faults.
    fn checked_event(
        &self,
        fields: &KnownFields,
        opening: &Opening,
    ) -> Result<Accepted, HttpProblem> {
        let event = self.event(fields, opening)?;
        fits(faults(&opening.workflow, &event))?;
        Ok(event)
    }

    /// Opens an order, and waits until it is open.
    async fn open(&self, fields: &KnownFields, opening: Opening) -> Result<Response, HttpProblem> {
        let event = match self.checked_event(fields, &opening) {
            Ok(event) => event,
            Err(problem) => {
                self.api.withdraw_files(opening.attachments()).await;
                return Err(problem);
            }
        };
        self.api.name_files(opening.attachments()).await?;
        match apply(&self.api, event).await? {
            ReceiptState::Applied => {
                let key = ProcessKey::of(&opening.access.tenant, &opening.token);
                Ok(answer::opened(number(key)))
            }
            ReceiptState::Late | ReceiptState::Refused => {
                Err(HttpProblem::new(ProblemKind::Unprocessable, ENDED))
            }
            ReceiptState::Accepted => Ok(answer::accepted(NOT_YET)),
        }
    }
}

/// Rejects a form with faults, which a worker would refuse.
pub(super) fn fits(faults: Vec<FormFault>) -> Result<(), HttpProblem> {
    if faults.is_empty() {
        return Ok(());
    }
    let fault = |fault: FormFault| FieldFault {
        pointer: Some(format!("#/formdata/{}", fault.field)),
        detail: fault.detail,
    };
    Err(HttpProblem::body(faults.into_iter().map(fault).collect()))
}

/// The faults of the form of an opening.
fn faults(workflow: &Workflow, event: &Accepted) -> Vec<FormFault> {
    let Happening::Opened(opening) = &event.event.happening else {
        return Vec::new();
    };
    let order = opening.order.as_deref();
    let faults = |order: &OrderOpening| form::faults(&workflow.form, &order.form, &order.files);
    order.map(faults).unwrap_or_default()
}
