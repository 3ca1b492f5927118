//! Beginning and ending sessions, which replace a key for one purpose.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::{Credential, Keys};
use crate::http::web::problem::{HttpProblem, ProblemKind};
use crate::http::web::rate_limit::Peer;
use crate::store::admin::audit::Action;
use crate::store::admin::session::{NewSession, SessionPurpose};

impl Keys {
    /// Begins a session for this key: its code replaces the key for this purpose, until it has not been
    /// used for `idle`, or ends.
    pub(in crate::http) async fn begin(
        &self,
        credential: &Credential,
        peer: Peer,
        purpose: SessionPurpose,
        idle: Duration,
    ) -> Result<SecretString, HttpProblem> {
        let known = self.known(credential, peer).await?;
        self.rates.request(known.id.as_deref(), peer)?;
        let tenant = &known.access.tenant;
        let new = NewSession {
            key: known.id.as_deref(),
            tenant,
            purpose,
            idle,
            lasts: self.session,
        };
        let actor = known.actor(peer);
        let is_repeated = self
            .logins
            .is_repeated(Action::LoggedIn, &actor, Some(tenant));
        let primary = self.primary.acting(actor);
        let code = primary.create_session(&new, is_repeated).await?;
        let session = Credential::Session(purpose, code.expose_secret().to_owned());
        self.insert(&session, known);
        Ok(code)
    }

    /// Ends a session of the pages, when its user logs out; it may have ended already.
    pub(in crate::http) async fn end(&self, code: &str, peer: Peer) -> Result<(), HttpProblem> {
        let session = Credential::Session(SessionPurpose::Pages, code.to_owned());
        let known = match self.known(&session, peer).await {
            Ok(known) => known,
            Err(problem) if problem.kind() == ProblemKind::Unauthorized => return Ok(()),
            Err(problem) => return Err(problem),
        };
        let (actor, tenant) = (known.actor(peer), Some(known.access.tenant.as_str()));
        let is_repeated = self.logins.is_repeated(Action::LoggedOut, &actor, tenant);
        let primary = self.primary.acting(actor);
        primary.end_session(code, is_repeated).await?;
        self.cached().remove(&session);
        Ok(())
    }

    /// Records what was counted of logins and is not recorded yet.
    pub(in crate::http) async fn record_logins(&self) {
        self.logins.record_due(Duration::ZERO).await;
    }
}
