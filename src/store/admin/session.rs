//! The table `session`: a client authenticates once with an API key and from then on with a session
//! code, which is valid for one purpose, and expires when it is not used for a while, and at its end.
//!
//! Like the text of a key, a code is returned once and only its hash is stored. It is valid on
//! every instance as long as its key is, so it is written and read on the primary.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use tokio_postgres::Row;
use uuid::Uuid;

use super::audit::{Act, Action};
use super::{api_key, key_text};
use crate::domain::access::Access;
use crate::store::connection::Values;
use crate::store::{Store, StoreError, column};

const CREATE: &str = include_str!("../queries/admin/create_session.sql");
const END: &str = include_str!("../queries/admin/end_session.sql");
const END_SOME: &str = include_str!("../queries/admin/end_sessions.sql");
const LIST: &str = include_str!("../queries/admin/list_sessions.sql");
const USE: &str = include_str!("../queries/admin/use_session.sql");

/// The most sessions of one key; beyond that the least recently used is deleted.
const OF_ONE_KEY_MAX: i64 = 1_000;
/// How many bytes of a hash are the id of its session.
const ID_BYTES: usize = 8;

named! {
    /// What a session is for; it is valid for nothing else.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum SessionPurpose {
        /// The pages.
        Pages = "pages",
        /// The dialect of OMFLOW's clients.
        Omflow = "omflow",
    }
}

/// A session to create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewSession<'a> {
    /// The id of its key; without one no key may exist.
    pub key: Option<&'a str>,
    /// The tenant of the key.
    pub tenant: &'a str,
    /// What it is for.
    pub purpose: SessionPurpose,
    /// It expires when it is not used for this long.
    pub idle: Duration,
    /// It ends after this, however it is used.
    pub lasts: Duration,
}

/// A valid session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedSession {
    /// The id of its key.
    pub key: String,
    /// What it allows.
    pub access: Access,
}

/// The session of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Session {
    /// The session of a key.
    Keyed(UsedSession),
    /// A session without a key: no key was ever created.
    Unkeyed,
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSession {
    /// Its id, which is not its code.
    pub id: String,
    /// The id of its key; empty without one.
    pub key: String,
    /// The tenant of the key.
    pub tenant: String,
    /// What it is for; unknown of older ones.
    pub purpose: Option<String>,
    /// The address from which it began; unknown of older ones.
    pub origin: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it expires if it is not used.
    pub expires_at: Timestamp,
    /// When it ends in any case.
    pub ends_at: Timestamp,
}

/// Which sessions to end; all that match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionSelection {
    /// The one with this id.
    pub id: Option<String>,
    /// Those of this key.
    pub key: Option<String>,
    /// Those of this tenant.
    pub tenant: Option<String>,
    /// Not the one of this code.
    pub except: Option<String>,
}

/// Whether a text has the form of a code.
#[must_use]
pub fn is_code(text: &str) -> bool {
    parse(text).is_some()
}

/// The id of the session of a code.
#[must_use]
pub fn id_of(code: &str) -> Option<String> {
    Some(shown(&hash(parse(code)?)))
}

impl Store {
    /// Creates a session and returns its code. Its origin is that of the actor; it is recorded as a login
    /// unless it `is_repeated`.
    pub async fn create_session(
        &self,
        new: &NewSession<'_>,
        is_repeated: bool,
    ) -> Result<SecretString, StoreError> {
        let code = Uuid::new_v4();
        let hash = hash(code);
        let (key, purpose) = (new.key.unwrap_or_default(), new.purpose.name());
        let (idle, lasts) = (new.idle.as_secs_f64(), new.lasts.as_secs_f64());
        let values: Values<'_> = &[
            &hash,
            &key,
            &idle,
            &OF_ONE_KEY_MAX,
            &purpose,
            &lasts,
            &self.actor.origin,
        ];
        let act = Act {
            action: Action::LoggedIn,
            object: &format!("session {} for {purpose}", shown(&hash)),
            tenant: Some(new.tenant),
        };
        self.act(act, CREATE, values, |_| !is_repeated).await?;
        Ok(SecretString::from(code.to_string()))
    }

    /// The session of this code, whose expiry is reset; `None` if there is none for this purpose, it has
    /// expired or ended, or its key is no longer valid.
    pub async fn use_session(
        &self,
        code: &str,
        purpose: SessionPurpose,
    ) -> Result<Option<Session>, StoreError> {
        let Some(code) = parse(code) else {
            return Ok(None);
        };
        let row = self
            .row_if_any(USE, &[&hash(code), &purpose.name()])
            .await?;
        row.as_ref().map(session).transpose()
    }

    /// Ends the session of this code, if there is one, as a logout of its user.
    pub async fn end_session(&self, code: &str, is_repeated: bool) -> Result<(), StoreError> {
        let Some(code) = parse(code) else {
            return Ok(());
        };
        let hash = hash(code);
        let connection = self.connection().await?;
        connection.begin().await?;
        let ended = connection.row_if_any(END, &[&hash]).await?;
        if let Some(row) = ended.filter(|_| !is_repeated) {
            let act = Act {
                action: Action::LoggedOut,
                object: &format!("session {}", shown(&hash)),
                tenant: row.get(0),
            };
            self.note(&connection, act).await?;
        }
        connection.commit().await
    }

    /// Valid sessions of a tenant, or of all, the newest first.
    pub async fn list_sessions(
        &self,
        tenant: Option<&str>,
        limit: i64,
    ) -> Result<Vec<ListedSession>, StoreError> {
        let rows = self.rows(LIST, &[&tenant, &limit]).await?;
        Ok(column(&rows, |row| ListedSession {
            id: row.get(0),
            key: row.get(1),
            tenant: row.get(2),
            purpose: row.get(3),
            origin: row.get(4),
            created_at: row.get(5),
            expires_at: row.get(6),
            ends_at: row.get(7),
        }))
    }

    /// Ends sessions; returns how many.
    pub async fn end_sessions(&self, selection: &SessionSelection) -> Result<usize, StoreError> {
        let SessionSelection {
            id,
            key,
            tenant,
            except,
        } = selection;
        let except = except.as_deref().and_then(parse).map(hash);
        let connection = self.connection().await?;
        connection.begin().await?;
        let ended = connection
            .rows(END_SOME, &[id, key, tenant, &except])
            .await?;
        if !ended.is_empty() {
            let tenants: BTreeSet<&str> = ended.iter().map(|row| row.get(0)).collect();
            let act = Act {
                action: Action::SessionsEnded,
                object: &described(selection, ended.len()),
                tenant: tenants.first().copied().filter(|_| tenants.len() == 1),
            };
            self.note(&connection, act).await?;
        }
        connection.commit().await?;
        Ok(ended.len())
    }
}

/// The ended sessions, for the audit.
fn described(selection: &SessionSelection, count: usize) -> String {
    let others = selection.except.as_ref().map_or("", |_| "other ");
    match (&selection.id, &selection.key) {
        (Some(id), _) => format!("session {id}"),
        (None, Some(key)) => format!("{count} {others}sessions of key {key}"),
        (None, None) => format!("all {count} {others}sessions"),
    }
}

fn session(row: &Row) -> Result<Session, StoreError> {
    if row.get::<_, Option<&str>>(1).is_none() {
        return Ok(Session::Unkeyed);
    }
    Ok(Session::Keyed(UsedSession {
        key: row.get(0),
        access: api_key::access(row, 1)?,
    }))
}

fn hash(code: Uuid) -> Vec<u8> {
    key_text::hash(&code.to_string())
}

/// The id of the session with this hash: no more of it than can be shown.
fn shown(hash: &[u8]) -> String {
    key_text::hex(hash.get(..ID_BYTES).unwrap_or(hash))
}

/// Parses a code, a UUID with hyphens.
fn parse(text: &str) -> Option<Uuid> {
    let code = Uuid::try_parse(text).ok()?;
    (text.len() == 36).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_uuid_with_hyphens_is_a_code() {
        assert!(is_code("7f2eaad4-d2eb-4f50-9678-002f8c97915f"));
        for other in [
            "",
            "7f2eaad4d2eb4f509678002f8c97915f",
            "{7f2eaad4-d2eb-4f50-9678-002f8c97915f}",
            "wb_0123456789ab_00",
        ] {
            assert!(!is_code(other), "{other}");
        }
    }

    #[test]
    fn the_id_of_a_session_is_no_part_of_its_code() {
        let id = id_of("7f2eaad4-d2eb-4f50-9678-002f8c97915f").unwrap();
        assert_eq!(id.len(), 16);
        assert!(!"7f2eaad4d2eb4f509678002f8c97915f".contains(&id[..4]));
    }
}
