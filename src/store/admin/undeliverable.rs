//! Messages that could not be delivered within the retention of their process: they become dead
//! letters, so that the process can be deleted.

use std::time::Duration;

use crate::store::connection::Values;
use crate::store::write::dead_letter::{self, DeadLetter};
use crate::store::write::outbox::{self, MessageKind, OutboxRow, Slow};
use crate::store::{Connection, Store, StoreError, column};

const CLAIM: &str = include_str!("../queries/admin/claim_undeliverable.sql");

/// Undeliverable messages, their processes locked; dropped, it changes nothing.
pub struct Undeliverable {
    connection: Connection,
    rows: Vec<(OutboxRow, Option<String>)>,
}

impl Undeliverable {
    /// Claims those of some processes past `retention`, or past the retention of their workflow.
    pub async fn take(
        store: &Store,
        retention: Duration,
        processes: i64,
    ) -> Result<Self, StoreError> {
        let connection = store.connection().await?;
        connection.begin().await?;
        let whats = column(&MessageKind::ALL, |what| what.name());
        let slow = Slow::ALL.into_iter();
        let slow = slow.filter(|slow| !matches!(slow, Slow::Unconfirmed | Slow::Resend));
        let slow: Vec<&str> = slow.map(Slow::name).collect();
        let values: Values<'_> = &[&retention.as_secs_f64(), &processes, &whats, &slow];
        let rows = connection.rows(CLAIM, values).await?;
        let rows = rows
            .iter()
            .map(|row| Ok((outbox::from_row(row)?, row.get(11))))
            .collect::<Result<_, StoreError>>()?;
        Ok(Self { connection, rows })
    }

    /// The messages, with the broker's reply to each.
    #[must_use]
    pub fn rows(&self) -> &[(OutboxRow, Option<String>)] {
        &self.rows
    }

    /// Replaces them by dead letters.
    pub async fn finish(self, dead_letters: &[DeadLetter], shard: i16) -> Result<(), StoreError> {
        let dead_letters: Vec<&DeadLetter> = dead_letters.iter().collect();
        let rows: Vec<&OutboxRow> = self.rows.iter().map(|(row, _)| row).collect();
        dead_letter::insert(&self.connection, &dead_letters, shard).await?;
        outbox::delete(&self.connection, &rows).await?;
        self.connection.commit().await
    }
}
