//! The table `audit`: who did what, written in the transaction of the act, so that there is no act
//! without its row.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::Row;

use crate::store::actor::Actor;
use crate::store::connection::Values;
use crate::store::read::audit_cursor::AuditCursor;
use crate::store::{Connection, Store, StoreError, column};

const WRITE: &str = include_str!("../queries/admin/write_audit.sql");
const LIST: &str = include_str!("../queries/admin/list_audit.sql");
const DELETE: &str = include_str!("../queries/admin/delete_audit.sql");

/// The same of one tenant: a plan that serves both would read the acts of all.
static LIST_OF_TENANT: LazyLock<String> =
    LazyLock::new(|| LIST.replace("($1::text is null or tenant = $1)", "tenant = $1"));

named! {
    /// What was done.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Action {
        /// An API key was created.
        KeyCreated = "key.create",
        /// An API key was replaced by another one.
        KeyRotated = "key.rotate",
        /// An API key was revoked.
        KeyRevoked = "key.revoke",
        /// A tenant got exchanges of its own.
        TenantAdded = "tenant.add",
        /// A broker user was allowed to publish for a tenant.
        ProducerAllowed = "producer.allow",
        /// A broker user's rules were removed.
        ProducerRevoked = "producer.revoke",
        /// A tenant's quota was set.
        QuotaSet = "quota.set",
        /// A tenant's quota was removed.
        QuotaRemoved = "quota.remove",
        /// A version of a workflow was applied.
        WorkflowApplied = "workflow.apply",
        /// A replay was requested on the pages.
        ReplayRequested = "replay.request",
        /// A replay was stopped on the pages.
        ReplayStopped = "replay.stop",
        /// Dead letters were replayed from a command line.
        Replayed = "dead.replay",
        /// Dead letters were discarded.
        Discarded = "dead.discard",
        /// Completions were sent again.
        Resent = "completion.resend",
        /// A process was cancelled over HTTP.
        Cancelled = "process.cancel",
        /// A session began.
        LoggedIn = "login",
        /// A key was wrong.
        LoginFailed = "login.failed",
        /// A session was ended by its user.
        LoggedOut = "logout",
        /// Sessions were ended by an operator or an administrator.
        SessionsEnded = "session.end",
        /// A process was erased; the object is its key, since its token is kept nowhere.
        ProcessErased = "process.erase",
        /// Everything of a tenant was erased.
        TenantErased = "tenant.erase",
    }
}

/// An act.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// What was done.
    pub action: Action,
    /// On what.
    pub object: &'a str,
    /// Whose, if it is of one tenant.
    pub tenant: Option<&'a str>,
}

/// An act as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedAct {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What kind of actor.
    pub actor_kind: String,
    /// Who.
    pub actor: String,
    /// From where.
    pub origin: String,
    /// As which user of the database.
    pub database_user: String,
    /// What was done.
    pub action: String,
    /// On what.
    pub object: String,
    /// Whose.
    pub tenant: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Which acts to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditSelection {
    /// Of this tenant.
    pub tenant: Option<String>,
    /// Only this action.
    pub action: Option<Action>,
    /// Of this actor.
    pub actor: Option<String>,
    /// On this object.
    pub object: Option<String>,
    /// At this time or later.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

impl RecordedAct {
    /// Its place in the list.
    #[must_use]
    pub fn cursor(&self) -> AuditCursor {
        AuditCursor {
            at: self.at,
            id: self.id,
        }
    }
}

impl Store {
    /// The same store for what this actor does.
    #[must_use]
    pub fn acting(&self, actor: Actor) -> Self {
        let mut store = self.clone();
        store.actor = Arc::new(actor);
        store
    }

    /// Who acts with it.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Runs a statement and, if `happened` says so of its rows, records the act in the same
    /// transaction.
    pub(in crate::store) async fn act(
        &self,
        act: Act<'_>,
        text: &str,
        values: Values<'_>,
        happened: impl FnOnce(&[Row]) -> bool,
    ) -> Result<Vec<Row>, StoreError> {
        let connection = self.connection().await?;
        connection.begin().await?;
        let rows = connection.rows(text, values).await?;
        if happened(&rows) {
            self.note(&connection, act).await?;
        }
        connection.commit().await?;
        Ok(rows)
    }

    /// The same for an act on a key, whose tenant is in the last column.
    pub(super) async fn act_on_key(
        &self,
        action: Action,
        object: &str,
        text: &str,
        values: Values<'_>,
    ) -> Result<Option<Row>, StoreError> {
        let connection = self.connection().await?;
        connection.begin().await?;
        let row = connection.row_if_any(text, values).await?;
        if let Some(row) = &row {
            let tenant = row.get(row.len() - 1);
            let act = Act {
                action,
                object,
                tenant,
            };
            self.note(&connection, act).await?;
        }
        connection.commit().await?;
        Ok(row)
    }

    /// Records an act in the transaction that is open on a connection.
    pub(super) async fn note(
        &self,
        connection: &Connection,
        act: Act<'_>,
    ) -> Result<(), StoreError> {
        self.note_all(connection, act, &[act.object]).await
    }

    /// The same on several objects.
    async fn note_all(
        &self,
        connection: &Connection,
        act: Act<'_>,
        objects: &[&str],
    ) -> Result<(), StoreError> {
        let Actor {
            kind,
            name,
            origin,
            reason,
        } = &*self.actor;
        let (kind, action) = (kind.name(), act.action.name());
        let values: Values<'_> = &[&kind, name, origin, &action, &objects, &act.tenant, reason];
        connection.run(WRITE, values).await.map(drop)
    }

    /// Records an act that is about to happen outside of the database.
    pub async fn announce(&self, act: Act<'_>) -> Result<(), StoreError> {
        self.announce_all(act, &[act.object]).await
    }

    /// The same on several objects.
    pub async fn announce_all(&self, act: Act<'_>, objects: &[&str]) -> Result<(), StoreError> {
        let connection = self.connection().await?;
        self.note_all(&connection, act, objects).await
    }

    /// Acts, the newest first, after this cursor.
    pub async fn list_audit(
        &self,
        selection: &AuditSelection,
        after: Option<AuditCursor>,
        limit: i64,
    ) -> Result<Vec<RecordedAct>, StoreError> {
        let AuditSelection {
            tenant,
            action,
            actor,
            object,
            since,
            until,
        } = selection;
        let action = action.map(Action::name);
        let (at, id) = (after.map(|after| after.at), after.map(|after| after.id));
        let text = match tenant {
            Some(_) => &LIST_OF_TENANT,
            None => LIST,
        };
        let values: Values<'_> = &[
            tenant, &action, actor, object, since, until, &at, &id, &limit,
        ];
        let rows = self.rows(text, values).await?;
        Ok(column(&rows, |row| RecordedAct {
            id: row.get(0),
            at: row.get(1),
            actor_kind: row.get(2),
            actor: row.get(3),
            origin: row.get(4),
            database_user: row.get(5),
            action: row.get(6),
            object: row.get(7),
            tenant: row.get(8),
            reason: row.get(9),
        }))
    }

    /// Deletes some acts older than this; returns how many.
    pub async fn delete_audit(&self, kept_for: Duration, limit: i64) -> Result<u64, StoreError> {
        self.run(DELETE, &[&kept_for.as_secs_f64(), &limit]).await
    }
}

/// Whether a statement has returned a row.
pub(super) fn any(rows: &[Row]) -> bool {
    !rows.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_acts_of_one_tenant_are_found_by_its_name() {
        assert!(LIST_OF_TENANT.contains("where tenant = $1\n"));
        assert_ne!(*LIST_OF_TENANT, LIST);
    }
}
