//! OMFLOW's API: clients open orders, query their stops and push them on, through two paths for
//! each workflow.
//!
//! The HTTP status is always 200, the body has the status of the call. Clients authenticate with
//! the field `security`: a security code, which is a session of their API key, or the key itself.

mod answer;
mod fields;
mod formdata;
mod open;
mod push;
mod query;

use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts, Path, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use secrecy::ExposeSecret;

use self::answer::Call;
use self::fields::{BodyEncoding, KnownFields};
use super::Dialect;
use crate::config::DialectSettings;
use crate::domain::access::{Access, Scope};
use crate::domain::workflow::Workflow;
use crate::http::state::Api;
use crate::http::web::keys::Credential;
use crate::http::web::memory_budget::MemoryBudget;
use crate::http::web::{HttpProblem, Peer, ProblemKind, auth};
use crate::wire;

/// Most bytes of the fields of all requests together: most of them arrive before authentication.
const FIELDS_BYTES_MAX: usize = 64 << 20;

const SECURITY: &str = "/accounts/api/security/get";
const EDIT: &str = "/rest/flowmanage/api/omdata/edit/{flow}";
const QUERY: &str = "/rest/flowmanage/api/omdata-data-id/get/{flow}";

const NO_ROUTE: &str = "no such path";
const NO_CODE: &str = "the field security is missing; GET /accounts/api/security/get/ gives a code";
const NO_WORKFLOW: &str = "no workflow of the name in the path was applied";
const UNREADABLE: &str = "this version of Waybill can't read the workflow";

/// State of this dialect.
#[derive(Clone)]
struct OmflowState {
    room: MemoryBudget,
    /// How long a security code is valid after its last use.
    lasts: Duration,
}

/// The parts that every call has.
struct OmflowRequest {
    api: Api,
    desk: OmflowState,
    peer: Peer,
    headers: HeaderMap,
    /// The workflow in the path.
    flow: String,
}

/// The routes of OMFLOW's API.
pub(super) fn dialect(settings: &DialectSettings) -> Dialect {
    let desk = OmflowState {
        room: MemoryBudget::of(FIELDS_BYTES_MAX),
        lasts: settings.omflow_security,
    };
    let slashed = |path: &str| format!("{path}/");
    let open = Router::new()
        .route(SECURITY, get(log_in))
        .route(&slashed(SECURITY), get(log_in))
        .route(EDIT, post(edit))
        .route(&slashed(EDIT), post(edit))
        .route(QUERY, post(query))
        .route(&slashed(QUERY), post(query))
        .route_layer(Extension(desk));
    Dialect {
        open,
        reading: Router::new(),
        writing: Router::new(),
        key: auth::key,
        render: answer::unknown_path,
    }
}

/// Exchanges a key for a security code.
async fn log_in(
    State(api): State<Api>,
    Extension(desk): Extension<OmflowState>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
) -> Response {
    let key = Credential::of(auth::key(&headers), &headers, peer);
    match api.keys.begin(&key, peer, desk.lasts).await {
        Ok(code) => answer::logged_in(code.expose_secret()),
        Err(problem) => answer::refuse(Call::Login, problem),
    }
}

/// Opens an order, or pushes one.
async fn edit(call: OmflowRequest, request: Request) -> Response {
    let mut fields = KnownFields::default();
    let edited = call.edit(request, &mut fields).await;
    edited.unwrap_or_else(|problem| answer::refuse(fields.call(), problem))
}

/// Returns the active stops of an order.
async fn query(call: OmflowRequest, request: Request) -> Response {
    let queried = call.query(request).await;
    queried.unwrap_or_else(|problem| answer::refuse(Call::Query, problem))
}

impl OmflowRequest {
    /// Reads the fields of a body that is not multipart.
    async fn take(
        &self,
        encoding: BodyEncoding,
        request: Request,
    ) -> Result<KnownFields, HttpProblem> {
        let max = self.api.limits.body_bytes;
        let body = self.desk.room.receive(request.into_body(), max).await?;
        match encoding {
            BodyEncoding::Json => KnownFields::json(body),
            BodyEncoding::Form | BodyEncoding::Multipart => KnownFields::form(body),
        }
    }

    /// Authenticates and authorizes the client, and checks the name of the workflow.
    async fn admit(&self, fields: &KnownFields, scope: Scope) -> Result<Access, HttpProblem> {
        let code = fields.get("security").map(str::to_owned);
        let has_code = code.is_some();
        let credential = Credential::of(code, &self.headers, self.peer);
        let admitted = self.api.keys.admit(&credential, self.peer).await;
        let access = admitted.map_err(|problem| match (has_code, problem.kind()) {
            (false, ProblemKind::Unauthorized) => {
                HttpProblem::new(ProblemKind::Unauthorized, NO_CODE)
            }
            _ => problem,
        })?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !self.flow.bytes().all(is_name) {
            return Err(HttpProblem::new(ProblemKind::NotFound, NO_WORKFLOW));
        }
        auth::allow(access, scope)
    }

    /// A version of the workflow in the path, or its newest.
    async fn workflow(&self, version: Option<i32>) -> Result<Workflow, HttpProblem> {
        let stored = self.api.primary.load_workflow(&self.flow, version).await?;
        let stored = stored.ok_or_else(|| HttpProblem::new(ProblemKind::NotFound, NO_WORKFLOW))?;
        let unreadable = |_| HttpProblem::new(ProblemKind::Unprocessable, UNREADABLE);
        wire::workflow_file::read(stored.source.as_bytes()).map_err(unreadable)
    }
}

impl FromRequestParts<Api> for OmflowRequest {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, HttpProblem> {
        let lost = || HttpProblem::new(ProblemKind::NotFound, NO_ROUTE);
        let flow = Path::<String>::from_request_parts(parts, api).await;
        let desk = Extension::<OmflowState>::from_request_parts(parts, api).await;
        let peer = ConnectInfo::<Peer>::from_request_parts(parts, api).await;
        Ok(Self {
            api: api.clone(),
            desk: desk.map_err(|_| lost())?.0,
            peer: peer.map_err(|_| lost())?.0,
            flow: flow.map_err(|_| lost())?.0,
            headers: parts.headers.clone(),
        })
    }
}
