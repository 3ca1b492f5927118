//! API keys of requests, cached for a moment: a revoked key is accepted for no longer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

use super::problem::{HttpProblem, ProblemKind};
use super::rate_limit::{Peer, Rates};
use crate::domain::DEFAULT_TENANT;
use crate::domain::access::{Access, Scope};
use crate::lock::lock;
use crate::store::admin::api_key::{self, KeyState};
use crate::store::admin::session::{self, Session};
use crate::store::{Store, StoreError};

/// How long an entry of the cache is valid.
const CACHED_FOR: Duration = Duration::from_secs(2);
/// Most keys in the cache.
const KEYS_MAX: usize = 10_000;

const NO_KEY: &str = "send a key in the header Authorization; `waybill key create` creates one";
const UNKNOWN: &str = "the key is unknown";
const EXPIRED: &str = "the key has expired; `waybill key create` creates a new one";
const REVOKED: &str = "the key was revoked";
const NO_SESSION: &str = "a code is not enough here; send the key";
const ENDED: &str = "the code is not known, or was not used for too long; get a new one";

/// A valid key, or why it is invalid.
type KeyLookup = Result<CachedKey, &'static str>;
type Cache = HashMap<Option<String>, (Instant, CachedKey)>;

/// What a valid key allows, and the id for the rate limit.
#[derive(Debug, Clone)]
pub(super) struct CachedKey {
    pub(super) access: Access,
    /// The id of the key, also where the client sent the code of a session.
    pub(super) id: Option<String>,
}

/// Looks up and caches keys.
#[derive(Clone)]
pub(in crate::http) struct Keys {
    store: Store,
    /// For sessions.
    primary: Store,
    rates: Rates,
    /// By the text of the key; `None` for requests without one.
    cache: Arc<Mutex<Cache>>,
}

impl Keys {
    pub(in crate::http) fn new(store: Store, primary: Store, rates: Rates) -> Self {
        Self {
            store,
            primary,
            rates,
            cache: Arc::default(),
        }
    }

    /// Authenticates with a key or the code of a session, and counts the request. As long as no key
    /// was ever created, everything is allowed, and the listener is bound to this machine.
    pub(in crate::http) async fn admit(
        &self,
        key: &Option<String>,
        peer: Peer,
    ) -> Result<Access, HttpProblem> {
        let known = self.known(key, peer).await?;
        self.rates.request(known.id.as_deref(), peer)?;
        Ok(known.access)
    }

    /// Begins a session for this key: its code replaces the key until it has not been used for
    /// `lasts`.
    pub(in crate::http) async fn begin(
        &self,
        key: &Option<String>,
        peer: Peer,
        lasts: Duration,
    ) -> Result<SecretString, HttpProblem> {
        // A code that could create others would never expire.
        if key.as_deref().is_some_and(session::is_code) {
            return Err(HttpProblem::new(ProblemKind::Unauthorized, NO_SESSION));
        }
        let known = self.known(key, peer).await?;
        let id = known.id.as_deref();
        self.rates.request(id, peer)?;
        let code = self.primary.create_session(id, lasts).await?;
        // The next request with this code is not a guess.
        self.insert(Some(code.expose_secret().to_owned()), known);
        Ok(code)
    }

    /// Ends a session.
    pub(in crate::http) async fn end(&self, code: &str) -> Result<(), HttpProblem> {
        self.primary.end_session(code).await?;
        self.locked().remove(&Some(code.to_owned()));
        Ok(())
    }

    /// The key of a request; without a count, for one that was admitted before.
    pub(super) async fn known(
        &self,
        key: &Option<String>,
        peer: Peer,
    ) -> Result<CachedKey, HttpProblem> {
        let known = self.locked().get(key).cloned();
        if let Some((since, known)) = &known
            && since.elapsed() < CACHED_FOR
        {
            return Ok(known.clone());
        }
        // A key that was valid lately is not a guess.
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
                self.insert(key.clone(), known.clone());
                Ok(known)
            }
            Err(why) => {
                self.locked().remove(key);
                Err(HttpProblem::new(ProblemKind::Unauthorized, why))
            }
        }
    }

    fn insert(&self, key: Option<String>, known: CachedKey) {
        let mut cache = self.locked();
        if cache.len() >= KEYS_MAX {
            cache.clear();
        }
        cache.insert(key, (Instant::now(), known));
    }

    async fn look_up(&self, key: &str) -> Result<KeyLookup, StoreError> {
        let found = self.store.find_key(key).await?;
        Ok(match found.map(|found| (found.state, found.access)) {
            None => Err(UNKNOWN),
            Some((KeyState::Expired, _)) => Err(EXPIRED),
            Some((KeyState::Revoked, _)) => Err(REVOKED),
            Some((KeyState::Valid, access)) => Ok(CachedKey {
                access,
                id: api_key::id_of(key).map(str::to_owned),
            }),
        })
    }

    /// What the key of a session allows.
    async fn resume(&self, code: &str) -> Result<KeyLookup, StoreError> {
        Ok(match self.primary.use_session(code).await? {
            None => Err(ENDED),
            Some(Session::Unkeyed) => Ok(CachedKey::open()),
            Some(Session::Keyed(used)) => Ok(CachedKey {
                access: used.access,
                id: Some(used.key),
            }),
        })
    }

    async fn without_key(&self) -> Result<KeyLookup, StoreError> {
        if self.store.any_key().await? {
            return Ok(Err(NO_KEY));
        }
        Ok(Ok(CachedKey::open()))
    }

    fn locked(&self) -> MutexGuard<'_, Cache> {
        lock(&self.cache)
    }
}

impl CachedKey {
    /// Full access, as long as there are no keys.
    fn open() -> Self {
        Self {
            access: Access {
                tenant: DEFAULT_TENANT.to_owned(),
                scopes: vec![Scope::Admin],
            },
            id: None,
        }
    }
}
