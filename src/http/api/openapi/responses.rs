//! Error responses for the document: sets of problems that handlers and gates may return.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::http::submit::Receipt;
use crate::http::submit::receipt::Several;
use crate::http::web::ProblemKind;
use crate::http::web::problem::ProblemView;

macro_rules! problem_sets {
    ($($(#[$doc:meta])* $name:ident = [$($kind:ident),+ $(,)?];)+) => {$(
        $(#[$doc])*
        pub(in super::super) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                problems(&[$(ProblemKind::$kind),+])
            }
        }
    )+};
}

problem_sets! {
    /// Of every gate.
    GateProblems = [Unauthorized, Forbidden, TooManyRequests, Unavailable];
    /// Of lists.
    ListProblems = [InvalidParameter];
    /// Of one process.
    ProcessProblems = [InvalidParameter, NotFound, Gone];
    /// Of an erasure.
    EraseProblems = [InvalidParameter, NotFound];
    /// Of batches of processes.
    BatchProblems = [InvalidBody, TooLarge, UnsupportedMediaType];
    /// Of files.
    FileProblems = [InvalidParameter, NotFound, RangeNotSatisfiable];
    /// Of the feed.
    FeedProblems = [InvalidParameter, Gone];
    /// Of requests that send events.
    SendProblems = [InvalidParameter, InvalidBody, TooLarge, UnsupportedMediaType, Unprocessable, KeyReused];
    /// Of requests that send an event to a process.
    SendToProcessProblems = [
        InvalidParameter, InvalidBody, NotFound, TooLarge, UnsupportedMediaType, Unprocessable, KeyReused,
    ];
    /// Of documents by name.
    NamedProblems = [NotFound];
}

/// The state of one event, or of each of a list.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only describes the document")]
pub(in super::super) enum ReceiptsBody<'a> {
    One(Receipt),
    Several(Several<'a>),
}

/// The responses for these kinds of problems, by status.
fn problems(kinds: &[ProblemKind]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<ProblemKind>> = BTreeMap::new();
    for kind in kinds {
        let status = kind.status().as_u16();
        by_status.entry(status).or_default().push(*kind);
    }
    let responses = by_status.into_iter();
    responses
        .map(|(status, kinds)| (status.to_string(), RefOr::T(problem(&kinds))))
        .collect()
}

fn problem(kinds: &[ProblemKind]) -> Response {
    let named = |kind: &ProblemKind| format!("{} (`{}`)", kind.title(), kind.name());
    let named: Vec<_> = kinds.iter().map(named).collect();
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ProblemView::name())))
        .build();
    let response = ResponseBuilder::new()
        .description(named.join(", or: "))
        .content("application/problem+json", content);
    let headers = kinds.iter().filter_map(|kind| header(*kind));
    headers
        .fold(response, |response, (name, description)| {
            let header = HeaderBuilder::new().description(Some(description)).build();
            response.header(name, header)
        })
        .build()
}

/// The header of a response with this kind of problem, and its description.
fn header(kind: ProblemKind) -> Option<(&'static str, &'static str)> {
    match kind {
        ProblemKind::Unauthorized => Some(("WWW-Authenticate", "The authentication schemes.")),
        ProblemKind::TooManyRequests | ProblemKind::QuotaExceeded | ProblemKind::Unavailable => {
            Some((
                "Retry-After",
                "After how many seconds the client may retry.",
            ))
        }
        ProblemKind::RangeNotSatisfiable => Some(("Content-Range", "The size of the file.")),
        ProblemKind::InvalidParameter
        | ProblemKind::Forbidden
        | ProblemKind::NotFound
        | ProblemKind::Gone
        | ProblemKind::Conflict
        | ProblemKind::MethodNotAllowed
        | ProblemKind::InvalidBody
        | ProblemKind::TooLarge
        | ProblemKind::UnsupportedMediaType
        | ProblemKind::Unprocessable
        | ProblemKind::LogTooLong
        | ProblemKind::KeyReused => None,
    }
}
