//! OMFLOW's API: clients open orders, query their stops and push them on, through two paths for
//! each workflow.
//!
//! The HTTP status is always 200, the body has the status of the call. Clients authenticate with
//! the field `security`: a security code, which is a session of their API key, or the key itself.

mod answer;
mod early;
mod fields;
mod formdata;
mod open;
mod push;
mod query;

use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts, Path, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use secrecy::ExposeSecret;

use self::answer::Call;
use self::fields::KnownFields;
use super::Dialect;
use crate::config::DialectSettings;
use crate::domain::access::Access;
use crate::domain::workflow::Workflow;
use crate::http::state::Api;
use crate::http::web::keys::Credential;
use crate::http::web::memory_budget::MemoryBudget;
use crate::http::web::{HttpProblem, Peer, ProblemKind, auth};
use crate::store::admin::session::{self, SessionPurpose};
use crate::wire;

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
    early: MemoryBudget,
    /// How long a security code is valid after its last use, until its session ends.
    lasts: Duration,
}

/// The parts that every call has.
struct OmflowRequest {
    /// Once the client is authenticated, that of its tenant.
    api: Api,
    /// Memory for what comes before the code.
    early: MemoryBudget,
    peer: Peer,
    headers: HeaderMap,
    /// The workflow in the path.
    flow: String,
}

/// The routes of OMFLOW's API.
pub(super) fn dialect(settings: &DialectSettings) -> Dialect {
    let state = OmflowState {
        early: MemoryBudget::early(),
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
        .route_layer(Extension(state));
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
    api: Api,
    Extension(state): Extension<OmflowState>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
) -> Response {
    let key = Credential::of(auth::key(&headers), &headers, peer);
    let purpose = SessionPurpose::Omflow;
    match api.keys.begin(&key, peer, purpose, state.lasts).await {
        Ok(code) => answer::logged_in(code.expose_secret()),
        Err(problem) => answer::refuse(Call::Login, problem),
    }
}

/// Opens an order, or pushes one.
async fn edit(mut call: OmflowRequest, request: Request) -> Response {
    let mut fields = KnownFields::default();
    let edited = call.edit(request, &mut fields).await;
    edited.unwrap_or_else(|problem| answer::refuse(fields.call(), problem))
}

/// Returns the active stops of an order.
async fn query(mut call: OmflowRequest, request: Request) -> Response {
    let queried = call.query(request).await;
    queried.unwrap_or_else(|problem| answer::refuse(Call::Query, problem))
}

impl OmflowRequest {
    /// Authenticates the client, and checks the name of the workflow.
    async fn admit(&mut self, code: Option<String>) -> Result<Access, HttpProblem> {
        let has_code = code.is_some();
        let credential = match code {
            Some(code) if session::is_code(&code) => {
                Credential::Session(SessionPurpose::Omflow, code)
            }
            key => Credential::of(key, &self.headers, self.peer),
        };
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
        self.api = self.api.of(&access.tenant);
        Ok(access)
    }

    /// A version of the workflow in the path, or its newest.
    async fn workflow(&self, version: Option<i32>) -> Result<Workflow, HttpProblem> {
        let stored = self
            .api
            .primary()
            .load_workflow(&self.flow, version)
            .await?;
        let stored = stored.ok_or_else(|| HttpProblem::new(ProblemKind::NotFound, NO_WORKFLOW))?;
        let unreadable = |_| HttpProblem::new(ProblemKind::Unprocessable, UNREADABLE);
        wire::workflow_file::read(stored.source.as_bytes()).map_err(unreadable)
    }
}

impl FromRequestParts<Api> for OmflowRequest {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, HttpProblem> {
        let lost = || HttpProblem::new(ProblemKind::NotFound, NO_ROUTE);
        let state = Extension::<OmflowState>::from_request_parts(parts, api).await;
        let flow = Path::<String>::from_request_parts(parts, api).await;
        let peer = ConnectInfo::<Peer>::from_request_parts(parts, api).await;
        Ok(Self {
            api: api.clone(),
            early: state.map_err(|_| lost())?.0.early,
            peer: peer.map_err(|_| lost())?.0,
            flow: flow.map_err(|_| lost())?.0,
            headers: parts.headers.clone(),
        })
    }
}
