//! The table `api_key`: who may send HTTP requests, for which tenant, and for how long.
//!
//! [`Store::create_key`] returns the text of a key once; only its hash is stored. Times are those
//! of the database's clock, so that every instance agrees on when a key expires.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Row;

use super::audit::{self, Act, Action};
use super::key_text;
pub use super::key_text::{id_of, is_id};
use crate::domain::access::{Access, Scope};
use crate::store::connection::Values;
use crate::store::{Store, StoreError};

const CREATE: &str = include_str!("../queries/admin/create_key.sql");
const LIST: &str = include_str!("../queries/admin/list_keys.sql");
const ROTATE: &str = include_str!("../queries/admin/rotate_key.sql");
const USE: &str = include_str!("../queries/admin/use_key.sql");
const REVOKE: &str = include_str!("../queries/admin/revoke_key.sql");
const FIND: &str = include_str!("../queries/admin/find_key.sql");
const ANY: &str = include_str!("../queries/admin/any_key.sql");

/// The longest tenant, and the longest name of a key.
pub const NAME_BYTES_MAX: usize = 200;

/// A key to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// A description for people; may be empty.
    pub name: String,
    /// What it allows.
    pub access: Access,
    /// How long it is valid; `None` for ever.
    pub expires_after: Option<Duration>,
}

/// A created key. Its text can't be shown a second time.
#[derive(Debug)]
pub struct CreatedKey {
    /// Its id.
    pub id: String,
    /// The text that clients authenticate with.
    pub text: SecretString,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
}

named! {
    /// Whether a key is still valid.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum KeyState {
        /// It is.
        Valid = "valid",
        /// It has expired.
        Expired = "expired",
        /// An operator revoked it, whether it had expired or not.
        Revoked = "revoked",
    }
}

/// A key that a client authenticated with. Its access counts only while its state is
/// [`KeyState::Valid`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundKey {
    /// Its id.
    pub id: String,
    /// What it allows.
    pub access: Access,
    /// Whether it was still valid when it was looked up.
    pub state: KeyState,
    /// When it expires, for callers that cache it.
    pub expires_at: Option<Timestamp>,
}

/// A key in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKey {
    /// Its id.
    pub id: String,
    /// A description for people.
    pub name: String,
    /// What it allows.
    pub access: Access,
    /// Whether it is still valid.
    pub state: KeyState,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Who created it; unknown of older keys.
    pub created_by: Option<String>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

impl Store {
    /// Creates a key and stores its hash.
    pub async fn create_key(&self, new: &NewKey) -> Result<CreatedKey, StoreError> {
        let (id, text) = key_text::generate()?;
        let hash = key_text::hash(text.expose_secret());
        let scopes: Vec<_> = new.access.scopes.iter().map(|scope| scope.name()).collect();
        let seconds = new.expires_after.map(|after| after.as_secs_f64());
        let tenant = &new.access.tenant;
        let act = Act {
            action: Action::KeyCreated,
            object: &id,
            tenant: Some(tenant),
        };
        let by = self.actor.to_string();
        let values: Values<'_> = &[&id, &new.name, tenant, &scopes, &hash, &seconds, &by];
        let rows = self.act(act, CREATE, values, audit::any).await?;
        Ok(CreatedKey {
            expires_at: rows.first().and_then(|row| row.get(0)),
            id,
            text,
        })
    }

    /// Creates a successor of a valid key with the same name and access; the old one expires after
    /// the overlap. `None` if there is no such key, or it is not valid.
    pub async fn rotate_key(
        &self,
        old: &str,
        overlap: Duration,
        expires_after: Option<Duration>,
    ) -> Result<Option<CreatedKey>, StoreError> {
        let (id, text) = key_text::generate()?;
        let hash = key_text::hash(text.expose_secret());
        let (overlap, seconds) = (
            overlap.as_secs_f64(),
            expires_after.map(|it| it.as_secs_f64()),
        );
        let by = self.actor.to_string();
        let object = format!("{old} by {id}");
        let values: Values<'_> = &[&old, &id, &hash, &overlap, &seconds, &by];
        let row = self
            .act_on_key(Action::KeyRotated, &object, ROTATE, values)
            .await?;
        Ok(row.map(|row| CreatedKey {
            expires_at: row.get(0),
            id,
            text,
        }))
    }

    /// Notes that a key was used, at most once a minute.
    pub async fn note_use(&self, id: &str) -> Result<(), StoreError> {
        self.run(USE, &[&id]).await.map(drop)
    }

    /// Every key, oldest first.
    pub async fn list_keys(&self) -> Result<Vec<ListedKey>, StoreError> {
        let rows = self.rows(LIST, &[]).await?;
        rows.iter().map(listed).collect()
    }

    /// Revokes a key; one that was revoked before keeps its time. Returns whether the key exists.
    pub async fn revoke_key(&self, id: &str) -> Result<bool, StoreError> {
        let revoked = self
            .act_on_key(Action::KeyRevoked, id, REVOKE, &[&id])
            .await?;
        Ok(revoked.is_some())
    }

    /// The key with this text; `None` if the text is malformed, or has the id of a key with another
    /// secret.
    pub async fn find_key(&self, text: &str) -> Result<Option<FoundKey>, StoreError> {
        let Some(id) = id_of(text) else {
            return Ok(None);
        };
        let Some(row) = self.row_if_any(FIND, &[&id]).await? else {
            return Ok(None);
        };
        if !key_text::matches(text, row.get(5)) {
            return Ok(None);
        }
        Ok(Some(FoundKey {
            id: id.to_owned(),
            access: access(&row, 0)?,
            state: state(&row),
            expires_at: row.get(2),
        }))
    }

    /// Whether a key was ever created, valid or not.
    pub async fn any_key(&self) -> Result<bool, StoreError> {
        Ok(self.row(ANY, &[]).await?.get(0))
    }
}

fn listed(row: &Row) -> Result<ListedKey, StoreError> {
    Ok(ListedKey {
        access: access(row, 0)?,
        state: state(row),
        expires_at: row.get(2),
        revoked_at: row.get(4),
        id: row.get(5),
        name: row.get(6),
        created_at: row.get(7),
        created_by: row.get(8),
        last_used_at: row.get(9),
    })
}

/// Reads two columns: the tenant and the scopes.
pub(super) fn access(row: &Row, first: usize) -> Result<Access, StoreError> {
    let names: Vec<&str> = row.get(first + 1);
    let scopes: Option<Vec<_>> = names.into_iter().map(Scope::from_name).collect();
    Ok(Access {
        tenant: row.get(first),
        scopes: scopes.ok_or(StoreError::Corrupt("scope of a key"))?,
    })
}

/// Reads the fourth and fifth column: whether it has expired, and when it was revoked.
fn state(row: &Row) -> KeyState {
    let revoked_at: Option<Timestamp> = row.get(4);
    match (revoked_at, row.get(3)) {
        (Some(_), _) => KeyState::Revoked,
        (None, true) => KeyState::Expired,
        (None, false) => KeyState::Valid,
    }
}
