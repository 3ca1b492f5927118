//! What a request gets that can't be answered: RFC 9457 problem details.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::store::StoreError;
use crate::wire::{FieldFault, Problem};

const JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What can be wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A parameter or header has a value it can't have.
    InvalidParameter,
    /// The body is not what it has to be.
    InvalidBody,
    /// The body is of a kind that can't be read here.
    UnsupportedMediaType,
    /// The body is larger than it may be.
    TooLarge,
    /// What happened is too much to be gone through again.
    LogTooLong,
    /// No key, or none that is good.
    Unauthorized,
    /// The key does not allow this.
    Forbidden,
    /// Nothing of that name.
    NotFound,
    /// It was there, and is not kept any more.
    Gone,
    /// The path is right, the method is not.
    MethodNotAllowed,
    /// The database can't be asked just now.
    Unavailable,
}

/// The answer to a request that can't be answered.
#[derive(Debug, Clone)]
pub(super) struct HttpProblem {
    trouble: Trouble,
    problem: Problem,
}

/// A problem as JSON.
#[derive(Debug, Serialize)]
pub(super) struct ProblemView<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    status: u16,
    instance: &'a str,
}

impl Trouble {
    const fn name(self) -> &'static str {
        match self {
            Self::InvalidParameter => "invalid_parameter",
            Self::InvalidBody => "invalid_body",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::TooLarge => "too_large",
            Self::LogTooLong => "log_too_long",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Gone => "gone",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Unavailable => "unavailable",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::InvalidParameter => "A parameter has a value it can't have",
            Self::InvalidBody => "The body is not what it has to be",
            Self::UnsupportedMediaType => "The body is of a kind that can't be read here",
            Self::TooLarge => "The body is too large",
            Self::LogTooLong => "Too much has happened to go through it again",
            Self::Unauthorized => "The request needs a key",
            Self::Forbidden => "The key does not allow this",
            Self::NotFound => "There is nothing of that name",
            Self::Gone => "What was asked for is not kept any more",
            Self::MethodNotAllowed => "The path does not have this method",
            Self::Unavailable => "The records can't be read just now",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::InvalidParameter | Self::InvalidBody => StatusCode::BAD_REQUEST,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::LogTooLong => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Gone => StatusCode::GONE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl HttpProblem {
    pub(super) fn new(trouble: Trouble, detail: &str) -> Self {
        let problem = Problem::named(trouble.name(), trouble.title(), detail.to_owned());
        Self { trouble, problem }
    }

    /// Everything that is wrong with the parameters, each as its name and the remedy.
    pub(super) fn parameters(faults: Vec<String>) -> Self {
        let mut problem = Self::new(Trouble::InvalidParameter, &faults.join("; "));
        let fault = |detail| FieldFault {
            detail,
            pointer: None,
        };
        problem.problem.errors = faults.into_iter().map(fault).collect();
        problem
    }

    /// Everything that is wrong with the body, each with its place.
    pub(super) fn body(faults: Vec<FieldFault>) -> Self {
        let said = faults.iter().map(|fault| match &fault.pointer {
            Some(pointer) => format!("{pointer} {}", fault.detail),
            None => fault.detail.clone(),
        });
        let said: Vec<_> = said.collect();
        let mut problem = Self::new(Trouble::InvalidBody, &said.join("; "));
        problem.problem.errors = faults;
        problem
    }

    /// Reads the form out of it; `instance` says of what in the request it tells.
    pub(super) fn view<'a>(&'a self, instance: &'a str) -> ProblemView<'a> {
        ProblemView {
            problem: &self.problem,
            status: self.trouble.status().as_u16(),
            instance,
        }
    }

    fn answer(&self, instance: &str) -> Response {
        let status = self.trouble.status();
        let body = serde_json::to_vec(&self.view(instance)).unwrap_or_default();
        let mut answer = (status, [(header::CONTENT_TYPE, JSON)], body).into_response();
        let headers = answer.headers_mut();
        match self.trouble {
            Trouble::Unauthorized => {
                let ways =
                    HeaderValue::from_static(r#"Bearer realm="waybill", Basic realm="waybill""#);
                headers.insert(header::WWW_AUTHENTICATE, ways);
            }
            Trouble::Unavailable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Trouble::InvalidParameter
            | Trouble::InvalidBody
            | Trouble::UnsupportedMediaType
            | Trouble::TooLarge
            | Trouble::LogTooLong
            | Trouble::Forbidden
            | Trouble::NotFound
            | Trouble::Gone
            | Trouble::MethodNotAllowed => {}
        }
        answer
    }
}

impl IntoResponse for HttpProblem {
    /// Only marked here: [`render`] knows the request.
    fn into_response(self) -> Response {
        let mut response = self.trouble.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for HttpProblem {
    /// What exactly is wrong with the database is for operators, in the log.
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a request could not be answered");
        Self::new(Trouble::Unavailable, "try again in a moment")
    }
}

/// Gives problems their form, with the path of the request in them.
pub(super) async fn render(request: Request, next: Next) -> Response {
    let instance = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<HttpProblem>() else {
        return response;
    };
    let mut answer = problem.answer(&instance);
    if let Some(allowed) = response.headers_mut().remove(header::ALLOW) {
        answer.headers_mut().insert(header::ALLOW, allowed);
    }
    answer
}
