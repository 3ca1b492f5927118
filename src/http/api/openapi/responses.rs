//! What goes wrong, for the document: sets of troubles that handlers and gates name as theirs.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::http::submit::receipt::{Receipt, Several};
use crate::http::web::problem::{ProblemKind, ProblemView};

macro_rules! troubles {
    ($($(#[$doc:meta])* $name:ident = [$($trouble:ident),+ $(,)?];)+) => {$(
        $(#[$doc])*
        pub(in super::super) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                problems(&[$(ProblemKind::$trouble),+])
            }
        }
    )+};
}

troubles! {
    /// Of every gate.
    Gated = [Unauthorized, Forbidden, TooManyRequests, Unavailable];
    /// Of those who ask with parameters.
    Asked = [InvalidParameter];
    /// Of those who ask for a process.
    AskedForProcess = [InvalidParameter, NotFound, Gone];
    /// Of those who ask for many.
    AskedForMany = [InvalidBody, TooLarge, UnsupportedMediaType];
    /// Of those who ask for a file.
    AskedForFile = [InvalidParameter, NotFound, RangeNotSatisfiable];
    /// Of those who follow what happens.
    Followed = [InvalidParameter, Gone];
    /// Of those who send something new.
    Sent = [InvalidParameter, InvalidBody, TooLarge, UnsupportedMediaType, Unprocessable, KeyReused];
    /// Of those who send something to a process.
    SentToProcess = [
        InvalidParameter, InvalidBody, NotFound, TooLarge, UnsupportedMediaType, Unprocessable, KeyReused,
    ];
    /// Of those who ask for something by its name.
    Named = [NotFound];
}

/// What becomes of one event, or of each of a list.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the document is made of it")]
pub(in super::super) enum ReceiptsBody<'a> {
    One(Receipt),
    Several(Several<'a>),
}

/// The answers to these troubles, by their status.
fn problems(troubles: &[ProblemKind]) -> BTreeMap<String, RefOr<Response>> {
    let mut told: BTreeMap<u16, Vec<ProblemKind>> = BTreeMap::new();
    for trouble in troubles {
        let status = trouble.status().as_u16();
        told.entry(status).or_default().push(*trouble);
    }
    let told = told.into_iter();
    told.map(|(status, troubles)| (status.to_string(), RefOr::T(problem(&troubles))))
        .collect()
}

fn problem(troubles: &[ProblemKind]) -> Response {
    let named = |trouble: &ProblemKind| format!("{} (`{}`)", trouble.title(), trouble.name());
    let named: Vec<_> = troubles.iter().map(named).collect();
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ProblemView::name())))
        .build();
    let response = ResponseBuilder::new()
        .description(named.join(", or: "))
        .content("application/problem+json", content);
    let headers = troubles.iter().filter_map(|trouble| header(*trouble));
    headers
        .fold(response, |response, (name, description)| {
            let header = HeaderBuilder::new().description(Some(description)).build();
            response.header(name, header)
        })
        .build()
}

/// The header that comes with a trouble, and what it says.
fn header(trouble: ProblemKind) -> Option<(&'static str, &'static str)> {
    match trouble {
        ProblemKind::Unauthorized => Some(("WWW-Authenticate", "How a key is shown.")),
        ProblemKind::TooManyRequests | ProblemKind::Unavailable => Some((
            "Retry-After",
            "After how many seconds the same may go well.",
        )),
        ProblemKind::RangeNotSatisfiable => Some(("Content-Range", "How long the file is.")),
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
