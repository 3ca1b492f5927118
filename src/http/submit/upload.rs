//! Stores one file of an upload: streamed and hashed, never in memory as a whole. Each attempt writes an
//! object of its own; the first that is complete becomes the file.

use std::time::Duration;

use axum::extract::multipart::Field;
use bytes::{Bytes, BytesMut};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::content::{Allowed, HEAD_BYTES, media_type, safe_name};
use crate::domain::ProcessKey;
use crate::files::{Digesting, FilePath, FilesError, StoredFile, Writing};
use crate::http::state::Api;
use crate::http::web::{HttpProblem, ProblemKind, links};
use crate::store::write::file::{Attempt, File};

/// Files that no event names are removed after this: their client has disconnected.
const ABANDONED_AFTER: Duration = Duration::from_hours(24);
/// Files without a process are removed after this: their event may wait in its queue for as long as
/// no worker runs.
const ORPHAN_AFTER: Duration = Duration::from_hours(30 * 24);

const NOT_STORED: &str = "the file can't be stored right now; sending it again is safe";
pub(in crate::http) const BROKEN: &str = "malformed or truncated multipart body";
pub(super) const ALL_TOO_LARGE: &str = "the request has more bytes than files.request_bytes";

/// A stored file, as in events and responses.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::http) struct Attachment {
    pub(in crate::http) id: Uuid,
    pub(in crate::http) name: String,
    media_type: String,
    size: u64,
    sha256: String,
    uri: String,
    #[serde(skip)]
    process: ProcessKey,
    /// Whether this request has stored it, and no earlier one.
    #[serde(skip)]
    is_new: bool,
}

/// How many more bytes are allowed.
#[derive(Debug)]
pub(in crate::http) struct Allowance {
    pub(in crate::http) request: u64,
    pub(in crate::http) file: u64,
}

/// The process that a file belongs to, and which of its files it is.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Owner<'a> {
    pub(in crate::http) tenant: &'a str,
    pub(in crate::http) token: &'a str,
    /// The file's id is derived from it, so that a retry has the same id.
    pub(in crate::http) label: &'a str,
    /// The media types that it may have.
    pub(in crate::http) types: &'a Allowed,
}

/// A file that is being received.
struct Incoming<'a, 'f> {
    field: Field<'f>,
    allowance: &'a mut Allowance,
    /// How many more bytes this file may have.
    left: u64,
}

/// Where the bytes of a file go.
enum Sink {
    /// Into the store.
    Store(Box<Writing>),
    /// Nowhere: the file is there from an earlier request, only the hashes are compared.
    Compared(Box<Digesting>),
}

impl Api {
    /// Stores a file of a process.
    pub(in crate::http) async fn store_file(
        &self,
        owner: Owner<'_>,
        field: Field<'_>,
        allowance: &mut Allowance,
    ) -> Result<Attachment, HttpProblem> {
        let process = ProcessKey::of(owner.tenant, owner.token);
        let id = Uuid::new_v5(&process.0, owner.label.as_bytes());
        let name = field.file_name().unwrap_or_default();
        let name = safe_name(name, self.limits.name_bytes);
        let left = allowance.file;
        let mut incoming = Incoming {
            field,
            allowance,
            left,
        };
        let head = incoming.head().await?;
        let media_type = media_type(&head);
        if !owner.types.has(media_type) {
            let detail = format!(
                "a file is {media_type} by its contents; allowed are {}",
                owner.types.named()
            );
            return Err(HttpProblem::new(ProblemKind::UnsupportedMediaType, &detail));
        }
        self.quotas.may_store(owner.tenant)?;
        let known = self.primary().file(process, id).await?;
        let is_new = known.is_none();
        let stored = match known {
            Some(known) => {
                let mut sink = Sink::Compared(Box::default());
                sink.fill(head, &mut incoming).await?;
                same(&known, sink.finish().await?)?
            }
            None => {
                let about = (name.as_str(), media_type);
                self.attempt((process, id), about, head, &mut incoming)
                    .await?
            }
        };
        if is_new {
            self.quotas.has_stored(owner.tenant, stored.size);
        }
        Ok(Attachment {
            id,
            name,
            media_type: media_type.to_owned(),
            size: stored.size,
            sha256: stored.sha256,
            uri: links::file(owner.token, id),
            process,
            is_new,
        })
    }

    /// Writes an object and makes it the file, unless another attempt was faster.
    async fn attempt(
        &self,
        (process, id): (ProcessKey, Uuid),
        about: (&str, &str),
        head: Bytes,
        incoming: &mut Incoming<'_, '_>,
    ) -> Result<StoredFile, HttpProblem> {
        let object = Uuid::new_v4();
        let attempt = Attempt { process, object };
        self.primary()
            .begin_file(attempt, about, ABANDONED_AFTER)
            .await?;
        let path = FilePath {
            process: process.0,
            object,
        };
        let mut sink = Sink::Store(Box::new(self.files.write(path)));
        let filled = sink.fill(head, incoming).await;
        let stored = match filled {
            Ok(()) => sink.finish().await,
            Err(problem) => {
                sink.abort().await;
                Err(problem)
            }
        };
        let finished = match &stored {
            Ok(StoredFile { size, sha256 }) => {
                self.primary()
                    .finish_file(attempt, id, *size, sha256)
                    .await?
            }
            Err(_) => false,
        };
        if finished {
            return stored;
        }
        self.discard(path).await;
        let stored = stored?;
        let first = self.primary().file(process, id).await?;
        let removed = || HttpProblem::new(ProblemKind::Unavailable, NOT_STORED);
        same(&first.ok_or_else(removed)?, stored)
    }

    /// Removes the object of an attempt that has not become the file; if that fails, the janitor does.
    async fn discard(&self, path: FilePath) {
        if let Err(error) = self.files.remove(path).await {
            tracing::warn!(%error, "a file could not be removed");
            return;
        }
        let gone = [(path.process, path.object)];
        if let Err(error) = self.primary().delete_files(&gone).await {
            tracing::warn!(%error, "the row of a removed file could not be deleted");
        }
    }

    /// Keeps the files that an event names which is about to be published.
    pub(in crate::http) async fn name_files<'a>(
        &self,
        attachments: impl Iterator<Item = &'a Attachment>,
    ) -> Result<(), HttpProblem> {
        let files = attachments
            .map(|it| (it.process.0, it.id))
            .collect::<Vec<_>>();
        match files.is_empty() || self.primary().name_files(&files, ORPHAN_AFTER).await? {
            true => Ok(()),
            false => Err(HttpProblem::new(ProblemKind::Unavailable, NOT_STORED)),
        }
    }

    /// Lets the janitor remove what a refused request has stored, unless another one names it.
    pub(in crate::http) async fn withdraw_files<'a>(
        &self,
        attachments: impl Iterator<Item = &'a Attachment>,
    ) {
        let new = attachments.filter(|it| it.is_new);
        let files = new.map(|it| (it.process.0, it.id)).collect::<Vec<_>>();
        if !files.is_empty()
            && let Err(error) = self.primary().withdraw_files(&files).await
        {
            tracing::warn!(%error, "the files of a refused request are removed only later");
        }
    }
}

/// What was received, if it is the file that is there.
fn same(known: &File, received: StoredFile) -> Result<StoredFile, HttpProblem> {
    match known.sha256 == received.sha256 {
        true => Ok(received),
        false => Err(HttpProblem::key_reused()),
    }
}

impl Sink {
    async fn fill(&mut self, head: Bytes, rest: &mut Incoming<'_, '_>) -> Result<(), HttpProblem> {
        self.add(head).await?;
        while let Some(part) = rest.part().await? {
            self.add(part).await?;
        }
        Ok(())
    }

    async fn add(&mut self, bytes: Bytes) -> Result<(), HttpProblem> {
        match self {
            Self::Store(writing) => writing.add(bytes).await.map_err(not_stored),
            Self::Compared(digest) => {
                digest.add(&bytes);
                Ok(())
            }
        }
    }

    async fn finish(self) -> Result<StoredFile, HttpProblem> {
        match self {
            Self::Store(writing) => writing.finish().await.map_err(not_stored),
            Self::Compared(digest) => Ok(digest.finish()),
        }
    }

    async fn abort(self) {
        if let Self::Store(writing) = self {
            writing.abort().await;
        }
    }
}

impl Incoming<'_, '_> {
    /// The first bytes, enough to detect the media type.
    async fn head(&mut self) -> Result<Bytes, HttpProblem> {
        let mut head = BytesMut::new();
        while head.len() < HEAD_BYTES
            && let Some(part) = self.part().await?
        {
            head.extend_from_slice(&part);
        }
        Ok(head.freeze())
    }

    /// The next bytes, within the limits.
    async fn part(&mut self) -> Result<Option<Bytes>, HttpProblem> {
        let part = self.field.chunk().await;
        let part = part.map_err(|_| HttpProblem::new(ProblemKind::InvalidBody, BROKEN))?;
        let Some(part) = part else { return Ok(None) };
        let size = part.len() as u64;
        let too_large = |detail| HttpProblem::new(ProblemKind::TooLarge, detail);
        let request = self.allowance.request.checked_sub(size);
        self.allowance.request = request.ok_or_else(|| too_large(ALL_TOO_LARGE))?;
        let file = self.left.checked_sub(size);
        self.left = file.ok_or_else(|| too_large("a file has more bytes than files.file_bytes"))?;
        Ok(Some(part))
    }
}

/// The log has the error of the file store; the client does not get it.
fn not_stored(error: FilesError) -> HttpProblem {
    tracing::warn!(%error, "a file could not be stored");
    HttpProblem::new(ProblemKind::Unavailable, NOT_STORED)
}
