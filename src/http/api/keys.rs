//! The keys that requests bring, remembered for a moment: a revoked one works for no longer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::core::DEFAULT_TENANT;
use crate::core::access::{Access, Scope};
use crate::store::api_key::KeyState;
use crate::store::{Store, StoreError};

/// How long an answer of the database is believed.
const REMEMBERED: Duration = Duration::from_secs(2);
/// How many keys are remembered at most.
const KEYS_MAX: usize = 10_000;

const NO_KEY: &str = "send a key in the header Authorization; `waybill key create` makes one";
const UNKNOWN: &str = "the key is not known here";
const EXPIRED: &str = "the key has expired; `waybill key create` makes a new one";
const REVOKED: &str = "the key was revoked";

/// Whether a request may come in.
#[derive(Debug, Clone)]
pub(super) enum Admission {
    /// As this one.
    Granted(Access),
    /// It may not; says why.
    Refused(&'static str),
}

type Remembered = HashMap<Option<String>, (Instant, Admission)>;

/// What is known of keys.
#[derive(Clone)]
pub(super) struct Keys {
    store: Store,
    /// By the text of the key; without one too.
    remembered: Arc<Mutex<Remembered>>,
}

impl Keys {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            remembered: Arc::default(),
        }
    }

    /// Who brings this key. Where no key was ever made there is nobody to tell apart: then all is
    /// allowed, and the listener is bound to this machine.
    pub(super) async fn admit(&self, key: Option<String>) -> Result<Admission, StoreError> {
        let known = self.locked().get(&key).cloned();
        if let Some((since, admission)) = known
            && since.elapsed() < REMEMBERED
        {
            return Ok(admission);
        }
        let admission = match &key {
            None => self.without_key().await?,
            Some(key) => self.look_up(key).await?,
        };
        // Guesses are not worth remembering.
        if matches!(admission, Admission::Granted(_)) || key.is_none() {
            let mut remembered = self.locked();
            if remembered.len() >= KEYS_MAX {
                remembered.clear();
            }
            remembered.insert(key, (Instant::now(), admission.clone()));
        }
        Ok(admission)
    }

    async fn look_up(&self, key: &str) -> Result<Admission, StoreError> {
        let found = self.store.find_key(key).await?;
        Ok(match found.map(|found| (found.state, found.access)) {
            None => Admission::Refused(UNKNOWN),
            Some((KeyState::Expired, _)) => Admission::Refused(EXPIRED),
            Some((KeyState::Revoked, _)) => Admission::Refused(REVOKED),
            Some((KeyState::Valid, access)) => Admission::Granted(access),
        })
    }

    async fn without_key(&self) -> Result<Admission, StoreError> {
        if self.store.any_key().await? {
            return Ok(Admission::Refused(NO_KEY));
        }
        Ok(Admission::Granted(Access {
            tenant: DEFAULT_TENANT.to_owned(),
            scopes: vec![Scope::Admin],
        }))
    }

    fn locked(&self) -> MutexGuard<'_, Remembered> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
