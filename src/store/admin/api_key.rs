//! The table `api_key`: who may ask over HTTP, for which tenant, and for how long.
//!
//! The text of a key is given out once, by [`Store::create_key`]; only its hash is kept. Times are
//! those of the database's clock, so that every process agrees on when a key expires.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Row;

use super::key_text;
pub use super::key_text::{id_of, is_id};
use crate::domain::access::{Access, Scope};
use crate::store::{Store, StoreError};
const CREATE: &str = include_str!("../queries/admin/create_key.sql");
const LIST: &str = include_str!("../queries/admin/list_keys.sql");
const REVOKE: &str = include_str!("../queries/admin/revoke_key.sql");
const FIND: &str = include_str!("../queries/admin/find_key.sql");
const ANY: &str = include_str!("../queries/admin/any_key.sql");

/// The longest tenant, and the longest name of a key.
pub const NAME_BYTES_MAX: usize = 200;

/// A key to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// A person's word for it; may be empty.
    pub name: String,
    /// What may be done with it.
    pub access: Access,
    /// How long it is good for; `None` for ever.
    pub expires_after: Option<Duration>,
}

/// A key that was made. Nobody can show its text a second time.
#[derive(Debug)]
pub struct CreatedKey {
    /// What it is called from now on.
    pub id: String,
    /// What its holder shows.
    pub text: SecretString,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// Whether a key is still good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It is.
    Valid,
    /// Its time is over.
    Expired,
    /// Somebody revoked it, whether it had expired or not.
    Revoked,
}

/// A key whose text was shown. Its access counts only while its state is [`KeyState::Valid`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundKey {
    /// What it is called.
    pub id: String,
    /// What may be done with it.
    pub access: Access,
    /// Whether it was still good when it was looked up.
    pub state: KeyState,
    /// When it ends, for those who remember it for a while.
    pub expires_at: Option<Timestamp>,
}

/// A key among others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKey {
    /// What it is called.
    pub id: String,
    /// A person's word for it.
    pub name: String,
    /// What may be done with it.
    pub access: Access,
    /// Whether it is still good.
    pub state: KeyState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl KeyState {
    /// The name people and programs read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Store {
    /// Makes a key and keeps its hash.
    pub async fn create_key(&self, new: &NewKey) -> Result<CreatedKey, StoreError> {
        let (id, text) = key_text::generate()?;
        let hash = key_text::hash(text.expose_secret());
        let scopes: Vec<_> = new.access.scopes.iter().map(|scope| scope.name()).collect();
        let seconds = new.expires_after.map(|after| after.as_secs_f64());
        let tenant = &new.access.tenant;
        let connection = self.connection().await?;
        let statement = connection.prepared(CREATE).await?;
        let row = connection
            .query_one(
                &statement,
                &[&id, &new.name, tenant, &scopes, &hash, &seconds],
            )
            .await?;
        Ok(CreatedKey {
            id,
            text,
            expires_at: row.get(0),
        })
    }

    /// Every key, oldest first.
    pub async fn list_keys(&self) -> Result<Vec<ListedKey>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(LIST).await?;
        let rows = connection.query(&statement, &[]).await?;
        rows.iter().map(listed).collect()
    }

    /// Ends a key; one that was revoked before keeps its time. Says whether there is such a key.
    pub async fn revoke_key(&self, id: &str) -> Result<bool, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(REVOKE).await?;
        Ok(connection.execute(&statement, &[&id]).await? > 0)
    }

    /// The key of that text. What is not the text of a key is not even asked for; what has the id
    /// of a key and another secret is not found either.
    pub async fn find_key(&self, text: &str) -> Result<Option<FoundKey>, StoreError> {
        let Some(id) = id_of(text) else {
            return Ok(None);
        };
        let connection = self.connection().await?;
        let statement = connection.prepared(FIND).await?;
        let Some(row) = connection.query_opt(&statement, &[&id]).await? else {
            return Ok(None);
        };
        if !key_text::matches(text, row.get(5)) {
            return Ok(None);
        }
        Ok(Some(FoundKey {
            id: id.to_owned(),
            access: access(&row)?,
            state: state(&row),
            expires_at: row.get(2),
        }))
    }

    /// Whether a key was ever made, good or not.
    pub async fn any_key(&self) -> Result<bool, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(ANY).await?;
        Ok(connection.query_one(&statement, &[]).await?.get(0))
    }
}

fn listed(row: &Row) -> Result<ListedKey, StoreError> {
    Ok(ListedKey {
        access: access(row)?,
        state: state(row),
        expires_at: row.get(2),
        revoked_at: row.get(4),
        id: row.get(5),
        name: row.get(6),
        created_at: row.get(7),
    })
}

/// Of the first two columns.
fn access(row: &Row) -> Result<Access, StoreError> {
    let names: Vec<&str> = row.get(1);
    let scopes = names.into_iter().map(Scope::from_name);
    let scopes: Option<Vec<_>> = scopes.collect();
    Ok(Access {
        tenant: row.get(0),
        scopes: scopes.ok_or(StoreError::Corrupt("scope of a key"))?,
    })
}

/// Of the fourth and fifth column: whether it has expired, and when it was revoked.
fn state(row: &Row) -> KeyState {
    let revoked_at: Option<Timestamp> = row.get(4);
    match (revoked_at, row.get(3)) {
        (Some(_), _) => KeyState::Revoked,
        (None, true) => KeyState::Expired,
        (None, false) => KeyState::Valid,
    }
}
