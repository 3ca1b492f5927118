//! What a request gets that can't be answered: RFC 9457 problem details.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::store::StoreError;
use crate::wire::{FieldFault, Problem, Reason, Rejection};

const UNKNOWN_TOKEN: &str =
    "no process has this token: check it, and whose key this is; ended processes are forgotten";
const JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What can be wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A parameter or header has a value it can't have.
    InvalidParameter,
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
    /// The body can't be read.
    InvalidBody,
    /// The body is larger than allowed.
    TooLarge,
    /// The body is of a kind that is not taken.
    UnsupportedMediaType,
    /// The body can be read, and can't be applied.
    Unprocessable,
    /// An idempotency key came with another content before.
    KeyReused,
    /// The database can't be asked just now.
    Unavailable,
}

/// The answer to a request that can't be answered.
#[derive(Debug, Clone)]
pub(super) struct HttpProblem {
    trouble: Trouble,
    problem: Problem,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    status: u16,
    instance: &'a str,
}

impl Trouble {
    /// Its name, its title, and the status it is answered with.
    const fn of(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::InvalidParameter => (
                "invalid_parameter",
                "A parameter has a value it can't have",
                StatusCode::BAD_REQUEST,
            ),
            Self::Unauthorized => (
                "unauthorized",
                "The request needs a key",
                StatusCode::UNAUTHORIZED,
            ),
            Self::Forbidden => (
                "forbidden",
                "The key does not allow this",
                StatusCode::FORBIDDEN,
            ),
            Self::NotFound => (
                "not_found",
                "There is nothing of that name",
                StatusCode::NOT_FOUND,
            ),
            Self::Gone => (
                "gone",
                "What was asked for is not kept any more",
                StatusCode::GONE,
            ),
            Self::MethodNotAllowed => (
                "method_not_allowed",
                "The path does not have this method",
                StatusCode::METHOD_NOT_ALLOWED,
            ),
            Self::InvalidBody => (
                "invalid_body",
                "The body can't be read",
                StatusCode::BAD_REQUEST,
            ),
            Self::TooLarge => (
                "too_large",
                "The body is larger than allowed",
                StatusCode::PAYLOAD_TOO_LARGE,
            ),
            Self::UnsupportedMediaType => (
                "unsupported_media_type",
                "The body is of a kind that is not taken",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ),
            Self::Unprocessable => (
                "unprocessable",
                "The body can't be applied",
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            Self::KeyReused => (
                "idempotency_key_reused",
                "The idempotency key was used for something else",
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            Self::Unavailable => (
                "unavailable",
                "The servers can't be asked just now",
                StatusCode::SERVICE_UNAVAILABLE,
            ),
        }
    }

    const fn status(self) -> StatusCode {
        self.of().2
    }
}

impl HttpProblem {
    pub(super) fn new(trouble: Trouble, detail: &str) -> Self {
        let (name, title, _) = trouble.of();
        let problem = Problem::named(name, title, detail.to_owned());
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

    /// One fault of a body.
    pub(super) fn body(pointer: &str, detail: &str) -> Self {
        let mut problem = Self::new(Trouble::InvalidBody, &format!("{pointer} {detail}"));
        problem.problem.errors = vec![FieldFault {
            detail: detail.to_owned(),
            pointer: Some(pointer.to_owned()),
        }];
        problem
    }

    /// What a worker refused, in its own words.
    pub(super) fn refused(problem: Problem) -> Self {
        let trouble = Trouble::Unprocessable;
        Self { trouble, problem }
    }

    /// No such process, or another tenant's: nobody is told which.
    pub(super) fn unknown_token() -> Self {
        Self::new(Trouble::NotFound, UNKNOWN_TOKEN)
    }

    /// The same, of one element of the body.
    pub(super) fn within(mut self, element: &str) -> Self {
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

    fn answer(&self, instance: &str) -> Response {
        let status = self.trouble.status();
        let body = Body {
            problem: &self.problem,
            status: status.as_u16(),
            instance,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
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
            | Trouble::Forbidden
            | Trouble::NotFound
            | Trouble::Gone
            | Trouble::MethodNotAllowed
            | Trouble::InvalidBody
            | Trouble::TooLarge
            | Trouble::UnsupportedMediaType
            | Trouble::Unprocessable
            | Trouble::KeyReused => {}
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

impl From<Box<Rejection>> for HttpProblem {
    fn from(rejection: Box<Rejection>) -> Self {
        let trouble = match rejection.reason {
            Reason::TooLarge => Trouble::TooLarge,
            Reason::UnsupportedContentType | Reason::UnsupportedEncoding => {
                Trouble::UnsupportedMediaType
            }
            Reason::Undecodable => Trouble::InvalidBody,
            _ => Trouble::Unprocessable,
        };
        let problem = rejection.problem;
        Self { trouble, problem }
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
