//! Authentication: the API key in `Authorization`, as a bearer token or as the password of HTTP
//! Basic.

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::keys::{Credential, Keys};
use super::metrics_layer::KnownCaller;
use super::problem::{HttpProblem, ProblemKind};
use super::rate_limit::Peer;
use super::scheme::Scheme;
use crate::domain::access::{Access, Scope};
use crate::store::actor::Actor;
use crate::store::admin::session::SessionPurpose;

const OUTSIDE: &str = "no key gives access to this path";

/// The tenant and scopes of the request's API key.
#[derive(Debug, Clone)]
pub(in crate::http) struct Caller(pub(in crate::http) Access);

/// What a group of routes requires of an API key.
#[derive(Clone)]
pub(in crate::http) struct Gate {
    keys: Keys,
    scope: Scope,
    find: fn(&HeaderMap) -> Option<String>,
    find_session: Option<FindSession>,
}

/// Reads the code of a session from the headers of a request.
type FindSession = fn(&HeaderMap, Scheme) -> Option<String>;

/// The API key of a request in progress; its validity can be checked again.
#[derive(Clone)]
pub(in crate::http) struct Pass {
    gate: Gate,
    credential: Credential,
    peer: Peer,
}

impl Gate {
    pub(in crate::http) fn new(keys: Keys, scope: Scope) -> Self {
        Self {
            keys,
            scope,
            find: key,
            find_session: None,
        }
    }

    /// The same for clients that send their key in another place.
    pub(in crate::http) fn finds(self, find: fn(&HeaderMap) -> Option<String>) -> Self {
        Self { find, ..self }
    }

    /// The same for pages, whose viewers may have a session.
    pub(in crate::http) fn with_sessions(self, find: FindSession) -> Self {
        Self {
            find_session: Some(find),
            ..self
        }
    }

    /// What a request authenticates with.
    fn credential(&self, request: &Request, peer: Peer) -> Credential {
        let headers = request.headers();
        let key = (self.find)(headers);
        let scheme = Scheme::of(request.extensions());
        let code = self.find_session.and_then(|find| find(headers, scheme));
        match (key, code) {
            (None, Some(code)) => Credential::Session(SessionPurpose::Pages, code),
            (key, _) => Credential::of(key, headers, peer),
        }
    }
}

/// Returns the access if it has this scope.
pub(in crate::http) fn allow(access: Access, scope: Scope) -> Result<Access, HttpProblem> {
    if access.allows(scope) {
        return Ok(access);
    }
    let detail = format!("it needs a key with the scope {}", scope.name());
    Err(HttpProblem::new(ProblemKind::Forbidden, &detail))
}

impl Pass {
    async fn admit(&self) -> Result<Access, HttpProblem> {
        let access = self.gate.keys.admit(&self.credential, self.peer).await?;
        allow(access, self.gate.scope)
    }

    /// Who acts, for the audit.
    pub(in crate::http) async fn actor(&self) -> Result<Actor, HttpProblem> {
        let known = self.gate.keys.known(&self.credential, self.peer).await?;
        Ok(known.actor(self.peer))
    }

    /// The code of its session, if it has one.
    pub(in crate::http) fn session(&self) -> Option<&str> {
        match &self.credential {
            Credential::Session(_, code) => Some(code),
            Credential::Text(_) | Credential::Anonymous { .. } => None,
        }
    }

    /// The id of its key, if there is one.
    pub(in crate::http) async fn id(&self) -> Result<Option<String>, HttpProblem> {
        Ok(self.gate.keys.known(&self.credential, self.peer).await?.id)
    }

    /// Checks that the key is still valid; returns its id.
    pub(in crate::http) async fn is_good(&self) -> Result<Option<String>, HttpProblem> {
        let known = self.gate.keys.known(&self.credential, self.peer).await?;
        allow(known.access, self.gate.scope).map(|_| known.id)
    }
}

/// Authorizes a request, and checks its key again before the response is sent.
pub(in crate::http) async fn admit(
    State(gate): State<Gate>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Result<Response, HttpProblem> {
    let pass = Pass {
        credential: gate.credential(&request, peer),
        gate,
        peer,
    };
    let access = pass.admit().await?;
    let tenant = access.tenant.clone();
    let extensions = request.extensions_mut();
    extensions.insert(Caller(access));
    extensions.insert(pass.clone());
    let mut answer = next.run(request).await;
    // The request may have waited for a long time.
    let key = pass.is_good().await?;
    answer.extensions_mut().insert(KnownCaller { key, tenant });
    Ok(answer)
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpProblem> {
        of_gate(parts)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Pass {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpProblem> {
        of_gate(parts)
    }
}

/// What the gate added to a request; missing only if a route is not behind one.
fn of_gate<T: Clone + Send + Sync + 'static>(parts: &Parts) -> Result<T, HttpProblem> {
    let added = parts.extensions.get::<T>().cloned();
    added.ok_or_else(|| HttpProblem::new(ProblemKind::Forbidden, OUTSIDE))
}

/// The key of a request, if there is one; an unreadable one counts as invalid.
pub(in crate::http) fn key(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(header::AUTHORIZATION)?;
    let text = header.to_str().unwrap_or_default();
    Some(secret(text).unwrap_or_default())
}

fn secret(text: &str) -> Option<String> {
    let (scheme, value) = text.split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64_STANDARD.decode(value).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (_, password) = decoded.split_once(':')?;
    Some(password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_as_a_bearer_token_or_as_a_password() {
        let key_of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, text.parse().unwrap());
            key(&headers)
        };
        assert_eq!(key(&HeaderMap::new()), None);
        let basic = format!("Basic {}", BASE64_STANDARD.encode("anyone:wb_1_2"));
        for text in ["Bearer wb_1_2", "bearer  wb_1_2 ", &basic] {
            assert_eq!(key_of(text).as_deref(), Some("wb_1_2"), "{text}");
        }
        for text in ["wb_1_2", "Digest wb_1_2", "Basic ???", "Basic bm8tY29sb24="] {
            assert_eq!(key_of(text).as_deref(), Some(""), "{text}");
        }
    }
}
