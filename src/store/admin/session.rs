//! The table `session`: a key shown once, and from then on a code that stands for it until nobody
//! has used it for a while.
//!
//! Like the text of a key, a code is given out once and only its hash is kept. It is good on every
//! replica as long as its key is, so it is written and read on the primary.

use std::time::Duration;

use secrecy::SecretString;
use tokio_postgres::Row;
use uuid::Uuid;

use super::key_text;
use crate::domain::access::{Access, Scope};
use crate::store::{Store, StoreError};

const CREATE: &str = include_str!("../queries/admin/create_session.sql");
const END: &str = include_str!("../queries/admin/end_session.sql");
const USE: &str = include_str!("../queries/admin/use_session.sql");

/// Sessions of one key; one more, and the one that was used longest ago goes.
const OF_ONE_KEY_MAX: i64 = 1_000;

/// A session that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedSession {
    /// The id of its key.
    pub key: String,
    /// What may be done with it.
    pub access: Access,
}

/// What the database knows of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Session {
    /// A key's.
    Keyed(UsedSession),
    /// Nobody's: no key was ever made.
    Unkeyed,
}

/// Whether that has the form of a code.
#[must_use]
pub fn is_code(text: &str) -> bool {
    parse(text).is_some()
}

impl Store {
    /// Begins a session of the key with this id, or of nobody's where no key was ever made, and
    /// gives its code. It ends when it was not used for this long.
    pub async fn create_session(
        &self,
        key: Option<&str>,
        lasts: Duration,
    ) -> Result<SecretString, StoreError> {
        let code = Uuid::new_v4();
        let (key, lasts) = (key.unwrap_or_default(), lasts.as_secs_f64());
        let connection = self.connection().await?;
        let statement = connection.prepared(CREATE).await?;
        connection
            .execute(&statement, &[&hash(code), &key, &lasts, &OF_ONE_KEY_MAX])
            .await?;
        Ok(SecretString::from(code.to_string()))
    }

    /// The session of this code, which from now on lasts anew; `None` where there is none, it has
    /// ended, or its key is not good any more.
    pub async fn use_session(&self, code: &str) -> Result<Option<Session>, StoreError> {
        let Some(code) = parse(code) else {
            return Ok(None);
        };
        let connection = self.connection().await?;
        let statement = connection.prepared(USE).await?;
        let row = connection.query_opt(&statement, &[&hash(code)]).await?;
        row.as_ref().map(session).transpose()
    }

    /// Ends the session of this code, if there is one.
    pub async fn end_session(&self, code: &str) -> Result<(), StoreError> {
        let Some(code) = parse(code) else {
            return Ok(());
        };
        let connection = self.connection().await?;
        let statement = connection.prepared(END).await?;
        connection.execute(&statement, &[&hash(code)]).await?;
        Ok(())
    }
}

fn session(row: &Row) -> Result<Session, StoreError> {
    let Some(tenant) = row.get(1) else {
        return Ok(Session::Unkeyed);
    };
    let names: Vec<&str> = row.get(2);
    let scopes: Option<Vec<_>> = names.into_iter().map(Scope::from_name).collect();
    let scopes = scopes.ok_or(StoreError::Corrupt("scope of a key"))?;
    Ok(Session::Keyed(UsedSession {
        key: row.get(0),
        access: Access { tenant, scopes },
    }))
}

fn hash(code: Uuid) -> Vec<u8> {
    key_text::hash(&code.to_string())
}

/// As it was given out: with hyphens.
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
