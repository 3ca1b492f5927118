//! The table `outbox`: messages that are committed and not yet confirmed.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::ProcessKey;
use crate::store::connection::Values;
use crate::store::{Connection, Store, StoreError, column, from_bigint};

pub(super) const INSERT: &str = include_str!("../queries/write/insert_outbox.sql");
const DELETE: &str = include_str!("../queries/write/delete_outbox.sql");
const CLAIM: &str = include_str!("../queries/write/claim_outbox.sql");
const RETURN: &str = include_str!("../queries/write/return_outbox.sql");
const NOTE_UNROUTABLE: &str = include_str!("../queries/write/note_unroutable.sql");
const NOTE_ROUTED: &str = include_str!("../queries/write/note_routed.sql");
const STATE: &str = include_str!("../queries/write/outbox_state.sql");

named! {
    /// The kind of a message: a column and a metric label.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum MessageKind {
        /// A process has ended.
        Completion = "completion",
        /// An order has reached a stage.
        Stage = "stage",
        /// A reply to the `reply_to` queue of an opening event.
        Reply = "reply",
    }
}

named! {
    /// Why a message is on the slow lane: a column and, for stuck messages, a metric label.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Slow {
        /// The broker did not confirm it in time.
        Timeout = "timeout",
        /// The broker nacked it: a queue is full, or has no majority of replicas.
        Nacked = "nacked",
        /// The broker returned it: no queue is bound for it.
        Unroutable = "unroutable",
        /// Its exchange is missing, or the user has no permission to write to it.
        Denied = "denied",
        /// It was not published: its destination is failing.
        Waiting = "waiting",
        /// The broker refused the message itself.
        Refused = "refused",
        /// It was unconfirmed when the broker closed the channel because of this or another message.
        Unconfirmed = "unconfirmed",
        /// It was delivered before and is resent on request.
        Resend = "resend",
    }
}

/// One message to one destination.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRow {
    /// The message's id, the same for every copy.
    pub id: Uuid,
    /// The token, which is also the message's correlation id.
    pub token: String,
    /// The event type.
    pub type_name: String,
    /// The body, JSON; a stuck completion has none, it is built from the record again.
    pub payload: Option<String>,
    /// The process it is about.
    pub process: ProcessKey,
    /// Its kind.
    pub what: MessageKind,
    /// The exchange; empty for the default exchange.
    pub exchange: String,
    /// The routing key.
    pub routing_key: String,
    /// The headers.
    pub headers: BTreeMap<String, String>,
    /// When the event it reports happened.
    pub time: Timestamp,
    /// Why it is on the slow lane, if it is.
    pub slow: Option<Slow>,
}

/// The size and age of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxState {
    /// The number of messages.
    pub pending: u64,
    /// When the oldest was inserted.
    pub oldest: Option<Timestamp>,
}

/// Inserts messages; the sweeper claims those that are still there after `sweep_after`.
pub(super) async fn insert(
    connection: &Connection,
    rows: &[OutboxRow],
    sweep_after: Duration,
) -> Result<(), StoreError> {
    let values: Values<'_> = &[
        &column(rows, |r| r.id),
        &column(rows, |r| r.token.as_str()),
        &column(rows, |r| r.type_name.as_str()),
        &column(rows, |r| r.payload.as_deref()),
        &column(rows, |r| r.process.0),
        &column(rows, |r| r.what.name()),
        &column(rows, |r| r.exchange.as_str()),
        &column(rows, |r| r.routing_key.as_str()),
        &column(rows, |r| serde_json::json!(r.headers).to_string()),
        &column(rows, |r| r.time),
        &sweep_after.as_secs_f64(),
    ];
    connection.run_for(rows, INSERT, values).await.map(drop)
}

impl Store {
    /// Deletes messages that were delivered or discarded.
    pub async fn delete_outbox(&self, rows: &[&OutboxRow]) -> Result<(), StoreError> {
        self.on_rows(DELETE, rows).await
    }

    /// Makes messages due whose outcome is unknown.
    pub async fn return_outbox(&self, rows: &[&OutboxRow]) -> Result<(), StoreError> {
        self.on_rows(RETURN, rows).await
    }

    async fn on_rows(&self, text: &str, rows: &[&OutboxRow]) -> Result<(), StoreError> {
        match rows.is_empty() {
            true => Ok(()),
            false => on_rows(&self.connection().await?, text, rows).await,
        }
    }

    /// Claims due messages of the normal lane, up to a number of messages and bytes; those not
    /// deleted by then are due again after `lease`.
    pub async fn claim_outbox(
        &self,
        messages: i64,
        bytes: i64,
        lease: Duration,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let rows = self
            .rows(CLAIM, &[&messages, &lease.as_secs_f64(), &bytes])
            .await?;
        Ok(readable(&rows))
    }

    /// Notes on the records that their completion is unroutable.
    pub async fn note_unroutable(&self, keys: &[ProcessKey]) -> Result<(), StoreError> {
        self.on_records(NOTE_UNROUTABLE, keys).await
    }

    /// Notes on the records that their completion was routed.
    pub async fn note_routed(&self, keys: &[ProcessKey]) -> Result<(), StoreError> {
        self.on_records(NOTE_ROUTED, keys).await
    }

    async fn on_records(&self, text: &str, keys: &[ProcessKey]) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut keys = column(keys, |key| key.0);
        keys.sort_unstable();
        self.run(text, &[&keys]).await.map(drop)
    }

    /// The size and age of the outbox.
    pub async fn outbox_state(&self) -> Result<OutboxState, StoreError> {
        let row = self.row(STATE, &[]).await?;
        Ok(OutboxState {
            pending: from_bigint(row.get(0)),
            oldest: row.get(1),
        })
    }
}

/// Deletes messages in a transaction.
pub(in crate::store) async fn delete(
    connection: &Connection,
    rows: &[&OutboxRow],
) -> Result<(), StoreError> {
    on_rows(connection, DELETE, rows).await
}

async fn on_rows(
    connection: &Connection,
    text: &str,
    rows: &[&OutboxRow],
) -> Result<(), StoreError> {
    let keys = column(rows, |r| r.process.0);
    let ids = column(rows, |r| r.id);
    let whats = column(rows, |r| r.what.name());
    connection.run(text, &[&keys, &ids, &whats]).await.map(drop)
}

/// Leaves out what this version can't read: it stays in the table, and is due again after its
/// lease.
pub(super) fn readable(rows: &[tokio_postgres::Row]) -> Vec<OutboxRow> {
    rows.iter().filter_map(|row| from_row(row).ok()).collect()
}

pub(in crate::store) fn from_row(row: &tokio_postgres::Row) -> Result<OutboxRow, StoreError> {
    Ok(OutboxRow {
        id: row.get(0),
        token: row.get(1),
        type_name: row.get(2),
        payload: row.get(3),
        process: ProcessKey(row.get(4)),
        what: what(row.get(5))?,
        exchange: row.get(6),
        routing_key: row.get(7),
        headers: serde_json::from_str(row.get(8))
            .map_err(|_| StoreError::Corrupt("outbox headers"))?,
        time: row.get(9),
        slow: row.get::<_, Option<&str>>(10).map(slow).transpose()?,
    })
}

pub(in crate::store) fn what(name: &str) -> Result<MessageKind, StoreError> {
    MessageKind::from_name(name).ok_or(StoreError::Corrupt("outbox message kind"))
}

pub(in crate::store) fn slow(name: &str) -> Result<Slow, StoreError> {
    Slow::from_name(name).ok_or(StoreError::Corrupt("outbox lane"))
}
