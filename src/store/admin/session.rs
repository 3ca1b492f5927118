//! The table `session`: a client authenticates once with an API key and from then on with a session
//! code, which expires when it is not used for a while.
//!
//! Like the text of a key, a code is returned once and only its hash is stored. It is valid on
//! every instance as long as its key is, so it is written and read on the primary.

use std::time::Duration;

use secrecy::SecretString;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{api_key, key_text};
use crate::domain::access::Access;
use crate::store::{Store, StoreError};

const CREATE: &str = include_str!("../queries/admin/create_session.sql");
const END: &str = include_str!("../queries/admin/end_session.sql");
const USE: &str = include_str!("../queries/admin/use_session.sql");

/// The most sessions of one key; beyond that the least recently used is deleted.
const OF_ONE_KEY_MAX: i64 = 1_000;

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

/// Whether a text has the form of a code.
#[must_use]
pub fn is_code(text: &str) -> bool {
    parse(text).is_some()
}

impl Store {
    /// Creates a session of the key with this id, or one without a key if no key was ever created,
    /// and returns its code. It expires when it is not used for `lasts`.
    pub async fn create_session(
        &self,
        key: Option<&str>,
        lasts: Duration,
    ) -> Result<SecretString, StoreError> {
        let code = Uuid::new_v4();
        let (key, lasts) = (key.unwrap_or_default(), lasts.as_secs_f64());
        self.run(CREATE, &[&hash(code), &key, &lasts, &OF_ONE_KEY_MAX])
            .await?;
        Ok(SecretString::from(code.to_string()))
    }

    /// The session of this code, whose expiry is reset; `None` if there is none, it has expired, or
    /// its key is no longer valid.
    pub async fn use_session(&self, code: &str) -> Result<Option<Session>, StoreError> {
        let Some(code) = parse(code) else {
            return Ok(None);
        };
        let row = self.row_if_any(USE, &[&hash(code)]).await?;
        row.as_ref().map(session).transpose()
    }

    /// Ends the session of this code, if there is one.
    pub async fn end_session(&self, code: &str) -> Result<(), StoreError> {
        let Some(code) = parse(code) else {
            return Ok(());
        };
        self.run(END, &[&hash(code)]).await.map(drop)
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
}
