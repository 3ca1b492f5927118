//! Error responses: RFC 9457 problem details.

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub(in crate::http) use super::problem_kind::ProblemKind;
use crate::store::StoreError;
use crate::wire::{FieldFault, Problem, Reason, Rejection};

/// After how many seconds a client may try again: quotas are counted as often.
const QUOTA_RETRY: u64 = 5;
const TOO_OFTEN: &str = "the rate limit is exceeded; wait as `Retry-After` says";
const KEY_REUSED: &str = "the header Idempotency-Key was used with another content; use a new one";
const UNKNOWN_TOKEN: &str = "no process has this token: check the token, and the tenant of the key; ended processes are deleted";
const BUSY: &str = "too many large requests of this tenant are under way; try again in a moment";
const FORGOTTEN: &str =
    "the process of this token is not kept any more: it ended and was deleted, or was erased";
/// By then a newer version may have been deployed.
const UNREADABLE_RETRY_SECONDS: u64 = 60;
const JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error response.
#[derive(Debug, Clone)]
pub(in crate::http) struct HttpProblem {
    kind: ProblemKind,
    /// After how many seconds the client may retry.
    retry_after: Option<u64>,
    problem: Problem,
}

/// Why a request, or an element of it, failed: RFC 9457 problem details.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(in crate::http) struct ProblemView<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    status: u16,
    instance: &'a str,
}

impl HttpProblem {
    pub(in crate::http) fn new(kind: ProblemKind, detail: &str) -> Self {
        let problem = Problem::named(kind.name(), kind.title(), detail.to_owned());
        let retry_after = (kind == ProblemKind::Unavailable).then_some(1);
        Self {
            kind,
            retry_after,
            problem,
        }
    }

    /// The rate limit is exceeded; says when to retry.
    pub(in crate::http) fn too_often(seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(ProblemKind::TooManyRequests, TOO_OFTEN)
        }
    }

    /// The tenant has used its quota.
    pub(in crate::http) fn quota(detail: &str) -> Self {
        Self {
            retry_after: Some(QUOTA_RETRY),
            ..Self::new(ProblemKind::QuotaExceeded, detail)
        }
    }

    /// All faults of the parameters, each with its name and the remedy.
    pub(in crate::http) fn parameters(faults: Vec<String>) -> Self {
        let mut problem = Self::new(ProblemKind::InvalidParameter, &faults.join("; "));
        let fault = |detail| FieldFault {
            detail,
            pointer: None,
        };
        problem.problem.errors = faults.into_iter().map(fault).collect();
        problem
    }

    /// All faults of the body, each with its JSON pointer.
    pub(in crate::http) fn body(faults: Vec<FieldFault>) -> Self {
        let details = faults.iter().map(|fault| match &fault.pointer {
            Some(pointer) => format!("{pointer} {}", fault.detail),
            None => fault.detail.clone(),
        });
        let details: Vec<_> = details.collect();
        let mut problem = Self::new(ProblemKind::InvalidBody, &details.join("; "));
        problem.problem.errors = faults;
        problem
    }

    /// One fault of the body.
    pub(in crate::http) fn body_at(pointer: &str, detail: &str) -> Self {
        Self::body(vec![FieldFault {
            detail: detail.to_owned(),
            pointer: Some(pointer.to_owned()),
        }])
    }

    /// A worker refused the event, with this problem.
    pub(in crate::http) fn refused(problem: Problem) -> Self {
        Self {
            kind: ProblemKind::Unprocessable,
            retry_after: None,
            problem,
        }
    }

    /// The idempotency key was used with another content.
    pub(in crate::http) fn key_reused() -> Self {
        Self::new(ProblemKind::KeyReused, KEY_REUSED)
    }

    /// No such process, or it is another tenant's: the response does not say which.
    pub(in crate::http) fn unknown_token() -> Self {
        Self::new(ProblemKind::NotFound, UNKNOWN_TOKEN)
    }

    /// Too much of the tenant is under way.
    pub(in crate::http) fn busy() -> Self {
        Self::new(ProblemKind::Unavailable, BUSY)
    }

    /// The process was deleted.
    pub(in crate::http) fn forgotten() -> Self {
        Self::new(ProblemKind::Gone, FORGOTTEN)
    }

    /// The same problem, for one element of the body.
    pub(in crate::http) fn within(mut self, element: &str) -> Self {
        for error in &mut self.problem.errors {
            let inner = error.pointer.as_deref().unwrap_or("#");
            let inner = inner.strip_prefix('#').unwrap_or(inner);
            error.pointer = Some(format!("#/{element}{inner}"));
        }
        if self.problem.errors.is_empty() {
            self.problem.errors.push(FieldFault {
                detail: self.problem.detail.clone(),
                pointer: Some(format!("#/{element}")),
            });
        }
        self
    }

    /// The JSON of the problem; `instance` names the part of the request that it is about.
    pub(in crate::http) fn view<'a>(&'a self, instance: &'a str) -> ProblemView<'a> {
        ProblemView {
            problem: &self.problem,
            status: self.kind.status().as_u16(),
            instance,
        }
    }

    /// The kind of problem.
    pub(in crate::http) fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// What is wrong, with the remedy.
    pub(in crate::http) fn detail(&self) -> &str {
        &self.problem.detail
    }

    fn answer(&self, instance: &str) -> Response {
        let status = self.kind.status();
        let body = serde_json::to_vec(&self.view(instance)).unwrap_or_default();
        let mut answer = (status, [(header::CONTENT_TYPE, JSON)], body).into_response();
        let headers = answer.headers_mut();
        if self.kind == ProblemKind::Unauthorized {
            // Not Basic: a browser would prompt for it, and send it with what pages of other sites post.
            let schemes = HeaderValue::from_static(r#"Bearer realm="waybill""#);
            headers.insert(header::WWW_AUTHENTICATE, schemes);
        }
        answer
    }
}

impl IntoResponse for HttpProblem {
    /// Only attached here: [`render`] knows the path of the request.
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Box<Rejection>> for HttpProblem {
    fn from(rejection: Box<Rejection>) -> Self {
        let kind = match rejection.reason {
            Reason::TooLarge => ProblemKind::TooLarge,
            Reason::UnsupportedContentType | Reason::UnsupportedEncoding => {
                ProblemKind::UnsupportedMediaType
            }
            Reason::Undecodable => ProblemKind::InvalidBody,
            _ => ProblemKind::Unprocessable,
        };
        Self {
            kind,
            ..Self::refused(rejection.problem)
        }
    }
}

impl From<StoreError> for HttpProblem {
    /// The log has the error of the database; the client does not get it.
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a request could not be answered");
        let problem = |detail: &str| Self::new(ProblemKind::Unavailable, detail);
        match error {
            StoreError::Corrupt(what) => Self {
                retry_after: Some(UNREADABLE_RETRY_SECONDS),
                ..problem(&format!(
                    "this version can't read the stored data ({what}); a newer one may be able to"
                ))
            },
            _ => problem("try again in a moment"),
        }
    }
}

/// Renders problems as JSON, with the path of the request in them.
pub(in crate::http) async fn render(request: Request, next: Next) -> Response {
    let instance = request.uri().path().to_owned();
    say(next.run(request).await, |problem| problem.answer(&instance))
}

/// Marks an error response, whatever its status.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct ErrorResponse;

/// Renders the problem of a response, if it has one.
pub(in crate::http) fn say(
    mut response: Response,
    form: impl FnOnce(&HttpProblem) -> Response,
) -> Response {
    let Some(problem) = response.extensions_mut().remove::<HttpProblem>() else {
        return response;
    };
    let mut answer = form(&problem);
    answer.extensions_mut().insert(ErrorResponse);
    let headers = answer.headers_mut();
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    for name in [header::ALLOW, header::CONTENT_RANGE] {
        if let Some(value) = response.headers_mut().remove(&name) {
            headers.insert(name, value);
        }
    }
    answer
}
