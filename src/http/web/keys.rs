//! API keys of requests, cached for a moment: a revoked key is accepted for no longer.

mod sessions;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};

use super::connection_limits::network;
use super::login_audit::LoginAudit;
use super::problem::{HttpProblem, ProblemKind};
use super::rate_limit::{Peer, Rates};
use crate::domain::DEFAULT_TENANT;
use crate::domain::access::{Access, Scope};
use crate::fair::{FairBudget, Permit};
use crate::lock::lock;
use crate::store::actor::{Actor, ActorKind};
use crate::store::admin::api_key::KeyState;
use crate::store::admin::session::{self, Session, SessionPurpose};
use crate::store::{Store, StoreError};
use crate::tls::is_this_machine;

/// How long an entry of the cache is valid.
const CACHED_FOR: Duration = Duration::from_secs(2);
/// Most keys in the cache.
const KEYS_MAX: usize = 10_000;
/// Most look-ups at once: each takes a connection of the pool.
const LOOK_UPS_AT_ONCE: usize = 4;
/// The longest wait for one of these.
const TURN_MAX: Duration = Duration::from_secs(5);

const NO_KEY: &str = "send a key in the header Authorization; `waybill key create` creates one";
const NOT_LOCAL: &str = "without a key only programs of this machine are answered, under the name localhost or a loopback \
                         address and without a proxy; send a key in the header Authorization";
const BUSY: &str = "too many keys wait to be looked up; try again in a moment";
const UNKNOWN: &str = "the key is unknown";
const EXPIRED: &str = "the key has expired; `waybill key create` creates a new one";
const REVOKED: &str = "the key was revoked";
const NO_SESSION: &str = "a code is not enough here; send the key";
const ENDED: &str = "the code is not known, or was not used for too long; get a new one";

/// A valid key, or why it is invalid.
type KeyLookup = Result<CachedKey, Invalid>;
type Cache = HashMap<Credential, (Instant, CachedKey)>;

/// Why a key is invalid, and whose it was.
struct Invalid {
    why: &'static str,
    tenant: Option<String>,
}

/// What a valid key allows, and the id for the rate limit.
#[derive(Debug, Clone)]
pub(super) struct CachedKey {
    pub(super) access: Access,
    /// The id of the key, also where the client sent the code of a session.
    pub(super) id: Option<String>,
}

/// Looks up and caches keys, on the primary: a revoked key must not live on in a replica that lags.
#[derive(Clone)]
pub(in crate::http) struct Keys {
    primary: Store,
    rates: Rates,
    /// Whether requests without a key are allowed until there is one.
    anonymous: bool,
    logins: LoginAudit,
    /// After how long a session ends.
    session: Duration,
    shared: Arc<Shared>,
}

struct Shared {
    cache: Mutex<Cache>,
    /// Whether a key was ever seen: from then on requests need one.
    has_keys: AtomicBool,
    /// When there was no key yet.
    no_keys_at: Mutex<Option<Instant>>,
    /// Look-ups wait here, so that guesses are refused before they cost the database anything.
    look_ups: FairBudget<IpAddr>,
}

/// Who a request says that it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::http) enum Credential {
    /// A key.
    Text(String),
    /// The code of a session for this purpose.
    Session(SessionPurpose, String),
    /// Without a key.
    Anonymous {
        /// Whether it comes from a program of this machine, for this machine.
        is_local: bool,
    },
}

impl Credential {
    /// What was found in a request.
    pub(in crate::http) fn of(key: Option<String>, headers: &HeaderMap, peer: Peer) -> Self {
        match key {
            Some(key) => Self::Text(key),
            None => Self::Anonymous {
                is_local: peer.0.is_loopback() && is_for_this_machine(headers),
            },
        }
    }
}

/// Whether a request names this machine as its host, and no proxy has passed it on: a page of any site
/// may send requests to a name that resolves to a loopback address.
fn is_for_this_machine(headers: &HeaderMap) -> bool {
    const PROXIES: [&str; 5] = [
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-real-ip",
    ];
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let name = host.map(|host| match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    });
    name.is_some_and(is_this_machine) && !PROXIES.iter().any(|name| headers.contains_key(*name))
}

impl Keys {
    pub(in crate::http) fn new(
        primary: Store,
        rates: Rates,
        anonymous: bool,
        (logins, session): (LoginAudit, Duration),
    ) -> Self {
        Self {
            primary,
            rates,
            anonymous,
            logins,
            session,
            shared: Arc::new(Shared {
                cache: Mutex::default(),
                has_keys: AtomicBool::new(false),
                no_keys_at: Mutex::default(),
                look_ups: FairBudget::new(LOOK_UPS_AT_ONCE),
            }),
        }
    }

    /// Authenticates with a key or the code of a session, and counts the request.
    pub(in crate::http) async fn admit(
        &self,
        credential: &Credential,
        peer: Peer,
    ) -> Result<Access, HttpProblem> {
        let known = self.known(credential, peer).await?;
        self.rates.request(known.id.as_deref(), peer)?;
        Ok(known.access)
    }

    /// What a request may do; without a count, for one that was admitted before.
    pub(super) async fn known(
        &self,
        credential: &Credential,
        peer: Peer,
    ) -> Result<CachedKey, HttpProblem> {
        match credential {
            Credential::Text(text) if session::is_code(text) => {
                return Err(unauthorized(NO_SESSION));
            }
            Credential::Text(_) | Credential::Session(..) => {}
            Credential::Anonymous { is_local } => return self.anonymous_access(*is_local).await,
        }
        let known = self.cached().get(credential).cloned();
        if let Some((since, known)) = &known
            && since.elapsed() < CACHED_FOR
        {
            return Ok(known.clone());
        }
        // A key that was valid lately is not a guess.
        let _turn = match known {
            Some(_) => None,
            None => Some(self.turn_to_guess(peer).await?),
        };
        let found = match credential {
            Credential::Text(key) => self.look_up(key).await,
            Credential::Session(purpose, code) => self.resume(code, *purpose).await,
            Credential::Anonymous { is_local } => return self.anonymous_access(*is_local).await,
        };
        match found? {
            Ok(known) => {
                self.insert(credential, known.clone());
                Ok(known)
            }
            Err(Invalid { why, tenant }) => {
                self.rates.has_guessed(peer);
                self.cached().remove(credential);
                if let Credential::Text(key) = credential {
                    self.logins.failed(key, why, tenant.as_deref(), peer).await;
                }
                Err(unauthorized(why))
            }
        }
    }

    /// Waits for a turn to look up a key that may be wrong: no longer than a failing database takes.
    async fn turn_to_guess(&self, peer: Peer) -> Result<Permit<IpAddr>, HttpProblem> {
        let turn = self.shared.look_ups.turn(network(peer.0), 1, TURN_MAX);
        let busy = || HttpProblem::new(ProblemKind::Unavailable, BUSY);
        let turn = turn.await.ok_or_else(busy)?;
        self.rates.may_guess(peer)?;
        Ok(turn)
    }

    fn insert(&self, credential: &Credential, known: CachedKey) {
        if known.id.is_some() {
            self.shared.has_keys.store(true, Ordering::Relaxed);
        }
        let mut cache = self.cached();
        if cache.len() >= KEYS_MAX
            && !cache.contains_key(credential)
            && let Some(oldest) = oldest(&cache)
        {
            cache.remove(&oldest);
        }
        cache.insert(credential.clone(), (Instant::now(), known));
    }

    async fn look_up(&self, key: &str) -> Result<KeyLookup, StoreError> {
        let Some(found) = self.primary.find_key(key).await? else {
            return Ok(Err(Invalid::by(UNKNOWN)));
        };
        let why = match found.state {
            KeyState::Expired => EXPIRED,
            KeyState::Revoked => REVOKED,
            KeyState::Valid => {
                if let Err(error) = self.primary.note_use(&found.id).await {
                    // A read-only primary still answers.
                    tracing::debug!(%error, "the use of a key was not noted");
                }
                return Ok(Ok(CachedKey {
                    access: found.access,
                    id: Some(found.id),
                }));
            }
        };
        Ok(Err(Invalid {
            why,
            tenant: Some(found.access.tenant),
        }))
    }

    /// What the key of a session allows.
    async fn resume(&self, code: &str, purpose: SessionPurpose) -> Result<KeyLookup, StoreError> {
        Ok(match self.primary.use_session(code, purpose).await? {
            None => Err(Invalid::by(ENDED)),
            Some(Session::Unkeyed) => match self.anonymous_access(true).await {
                Ok(open) => Ok(open),
                Err(_) => Err(Invalid::by(ENDED)),
            },
            Some(Session::Keyed(used)) => Ok(CachedKey {
                access: used.access,
                id: Some(used.key),
            }),
        })
    }

    /// Full access for a program of this machine, as long as there are no keys, if the settings allow
    /// it.
    async fn anonymous_access(&self, is_local: bool) -> Result<CachedKey, HttpProblem> {
        if !self.anonymous {
            return Err(unauthorized(NO_KEY));
        }
        match (self.has_keys().await?, is_local) {
            (true, _) => Err(unauthorized(NO_KEY)),
            (false, false) => Err(unauthorized(NOT_LOCAL)),
            (false, true) => Ok(CachedKey::open()),
        }
    }

    /// Whether a key was ever seen; that there is none is remembered for a moment.
    async fn has_keys(&self) -> Result<bool, StoreError> {
        let Shared {
            has_keys,
            no_keys_at,
            ..
        } = &*self.shared;
        let is_recent = |at: Instant| at.elapsed() < CACHED_FOR;
        if has_keys.load(Ordering::Relaxed) || lock(no_keys_at).is_some_and(is_recent) {
            return Ok(has_keys.load(Ordering::Relaxed));
        }
        match self.primary.any_key().await? {
            true => has_keys.store(true, Ordering::Relaxed),
            false => *lock(no_keys_at) = Some(Instant::now()),
        }
        Ok(has_keys.load(Ordering::Relaxed))
    }

    fn cached(&self) -> MutexGuard<'_, Cache> {
        lock(&self.shared.cache)
    }
}

fn oldest(cache: &Cache) -> Option<Credential> {
    let oldest = cache.iter().min_by_key(|(_, (since, _))| *since);
    oldest.map(|(credential, _)| credential.clone())
}

fn unauthorized(why: &str) -> HttpProblem {
    HttpProblem::new(ProblemKind::Unauthorized, why)
}

impl Invalid {
    fn by(why: &'static str) -> Self {
        Self { why, tenant: None }
    }
}

impl CachedKey {
    /// Who acts with it, for the audit.
    pub(super) fn actor(&self, peer: Peer) -> Actor {
        Actor {
            kind: match self.id {
                Some(_) => ActorKind::Key,
                None => ActorKind::Anonymous,
            },
            name: self.id.clone().unwrap_or_default(),
            origin: peer.0.to_string(),
            reason: None,
        }
    }

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
