//! The keys that requests bring, remembered for a moment: a revoked one works for no longer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

use super::problem::{HttpProblem, ProblemKind};
use super::rate_limit::{Peer, Rates};
use crate::domain::DEFAULT_TENANT;
use crate::domain::access::{Access, Scope};
use crate::store::admin::api_key::{self, KeyState};
use crate::store::admin::session::{self, Session};
use crate::store::{Store, StoreError};

/// How long an answer of the database is believed.
const REMEMBERED: Duration = Duration::from_secs(2);
/// How many keys are remembered at most.
const KEYS_MAX: usize = 10_000;

const NO_KEY: &str = "send a key in the header Authorization; `waybill key create` makes one";
const UNKNOWN: &str = "the key is not known here";
const EXPIRED: &str = "the key has expired; `waybill key create` makes a new one";
const REVOKED: &str = "the key was revoked";
const NO_SESSION: &str = "a code is not enough here; send the key";
const ENDED: &str = "the code is not known, or was not used for too long; get a new one";

/// What a key allows, or why it is none.
type KeyLookup = Result<RememberedKey, &'static str>;
type Remembered = HashMap<Option<String>, (Instant, RememberedKey)>;

/// What whoever was let in may do, and as whom they are counted.
#[derive(Debug, Clone)]
struct RememberedKey {
    access: Access,
    /// The id of the key, whether it was shown or a code that stands for it.
    id: Option<String>,
}

/// What is known of keys.
#[derive(Clone)]
pub(in crate::http) struct Keys {
    store: Store,
    /// Where sessions are.
    primary: Store,
    rates: Rates,
    /// By the text of the key; without one too.
    remembered: Arc<Mutex<Remembered>>,
}

impl Keys {
    pub(in crate::http) fn new(store: Store, primary: Store, rates: Rates) -> Self {
        Self {
            store,
            primary,
            rates,
            remembered: Arc::default(),
        }
    }

    /// What whoever brings this key, or the code of a session, may do. Where no key was ever made
    /// there is nobody to tell apart: then all is allowed, and the listener is bound to this machine.
    pub(in crate::http) async fn admit(
        &self,
        key: &Option<String>,
        peer: Peer,
    ) -> Result<Access, HttpProblem> {
        let known = self.known(key, peer).await?;
        self.rates.request(known.id.as_deref(), peer)?;
        Ok(known.access)
    }

    /// Begins a session of whoever brings this key: its code is as good as the key until it was not
    /// used for so long.
    pub(in crate::http) async fn begin(
        &self,
        key: &Option<String>,
        peer: Peer,
        lasts: Duration,
    ) -> Result<SecretString, HttpProblem> {
        // A code that begot others would never end.
        if key.as_deref().is_some_and(session::is_code) {
            return Err(HttpProblem::new(ProblemKind::Unauthorized, NO_SESSION));
        }
        let known = self.known(key, peer).await?;
        self.rates.request(known.id.as_deref(), peer)?;
        let code = self
            .primary
            .create_session(known.id.as_deref(), lasts)
            .await?;
        // Whoever comes with it next is not guessing.
        self.remember(Some(code.expose_secret().to_owned()), known);
        Ok(code)
    }

    /// Ends a session.
    pub(in crate::http) async fn end(&self, code: &str) -> Result<(), HttpProblem> {
        self.primary.end_session(code).await?;
        self.locked().remove(&Some(code.to_owned()));
        Ok(())
    }

    /// What may be done by a request that was admitted before and has lasted.
    pub(in crate::http) async fn access(
        &self,
        key: &Option<String>,
        peer: Peer,
    ) -> Result<Access, HttpProblem> {
        Ok(self.known(key, peer).await?.access)
    }

    /// The id of the key of a request that was admitted before, if there is one.
    pub(in crate::http) async fn id(
        &self,
        key: &Option<String>,
        peer: Peer,
    ) -> Result<Option<String>, HttpProblem> {
        Ok(self.known(key, peer).await?.id)
    }

    async fn known(&self, key: &Option<String>, peer: Peer) -> Result<RememberedKey, HttpProblem> {
        let known = self.locked().get(key).cloned();
        if let Some((since, known)) = &known
            && since.elapsed() < REMEMBERED
        {
            return Ok(known.clone());
        }
        // Whoever was let in lately is not guessing.
        if known.is_none() && key.is_some() {
            self.rates.guess(peer)?;
        }
        let found = match key {
            None => self.without_key().await,
            Some(code) if session::is_code(code) => self.resume(code).await,
            Some(key) => self.look_up(key).await,
        };
        match found? {
            Ok(known) => {
                self.remember(key.clone(), known.clone());
                Ok(known)
            }
            Err(why) => {
                self.locked().remove(key);
                Err(HttpProblem::new(ProblemKind::Unauthorized, why))
            }
        }
    }

    fn remember(&self, key: Option<String>, known: RememberedKey) {
        let mut remembered = self.locked();
        if remembered.len() >= KEYS_MAX {
            remembered.clear();
        }
        remembered.insert(key, (Instant::now(), known));
    }

    async fn look_up(&self, key: &str) -> Result<KeyLookup, StoreError> {
        let found = self.store.find_key(key).await?;
        Ok(match found.map(|found| (found.state, found.access)) {
            None => Err(UNKNOWN),
            Some((KeyState::Expired, _)) => Err(EXPIRED),
            Some((KeyState::Revoked, _)) => Err(REVOKED),
            Some((KeyState::Valid, access)) => Ok(RememberedKey {
                access,
                id: api_key::id_of(key).map(str::to_owned),
            }),
        })
    }

    /// What the key allows that a session was begun with.
    async fn resume(&self, code: &str) -> Result<KeyLookup, StoreError> {
        Ok(match self.primary.use_session(code).await? {
            None => Err(ENDED),
            Some(Session::Unkeyed) => Ok(RememberedKey::anybody()),
            Some(Session::Keyed(used)) => Ok(RememberedKey {
                access: used.access,
                id: Some(used.key),
            }),
        })
    }

    async fn without_key(&self) -> Result<KeyLookup, StoreError> {
        if self.store.any_key().await? {
            return Ok(Err(NO_KEY));
        }
        Ok(Ok(RememberedKey::anybody()))
    }

    fn locked(&self) -> MutexGuard<'_, Remembered> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl RememberedKey {
    /// Where there are no keys.
    fn anybody() -> Self {
        Self {
            access: Access {
                tenant: DEFAULT_TENANT.to_owned(),
                scopes: vec![Scope::Admin],
            },
            id: None,
        }
    }
}
