//! The slow lane of the table `outbox`: messages that can't be delivered now, and where they go.

use std::collections::HashMap;
use std::time::Duration;

use super::outbox::{self, OutboxRow, Slow};
use super::{item, process};
use crate::domain::completion::Completion;
use crate::domain::{Process, ProcessKey};
use crate::store::{Connection, Store, StoreError, column, from_bigint};

const CLAIM_FAILING: &str = include_str!("../queries/write/claim_failing.sql");
const CLAIM_SINGLE: &str = include_str!("../queries/write/claim_single.sql");
const FAIL: &str = include_str!("../queries/write/fail_outbox.sql");
const FAILING: &str = include_str!("../queries/write/failing_destinations.sql");
const LOAD_ENDED: &str = include_str!("../queries/write/load_ended.sql");
const RELEASE: &str = include_str!("../queries/write/release_waiting.sql");
const WAITING: &str = include_str!("../queries/write/waiting_destinations.sql");

/// Where messages go: an exchange and a routing key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Destination {
    /// The exchange; empty for the default one.
    pub exchange: String,
    /// The routing key.
    pub routing_key: String,
}

/// A destination that is failing.
#[derive(Debug, Clone)]
pub struct Failing {
    /// Which one.
    pub destination: Destination,
    /// What the broker says, where it may not be published to.
    pub denied: Option<String>,
}

impl Failing {
    /// Whether it is the whole exchange that is missing or may not be written to, not one key of it.
    #[must_use]
    pub fn denies_exchange(&self) -> bool {
        let denied = self.denied.as_ref();
        denied.is_some_and(|text| !text.contains("topic"))
    }
}

/// A message that was not delivered.
#[derive(Debug, Clone)]
pub struct Failed {
    /// Which one.
    pub row: OutboxRow,
    /// Why.
    pub slow: Slow,
    /// What the broker said.
    pub detail: Option<String>,
    /// The wait after its first failure; it doubles with each.
    pub retry_after: Duration,
}

/// The completion of a process that has ended, and what was kept of the one that was sent.
#[derive(Debug, Clone)]
pub struct RetryPlan {
    /// Which process.
    pub process: ProcessKey,
    /// Made from the record.
    pub completion: Completion,
    /// The format of the body that was sent; none where it was sent by a version before formats.
    pub format: Option<i16>,
    /// The SHA-256 of that body.
    pub hash: Option<Vec<u8>>,
}

impl OutboxRow {
    /// Where it goes.
    #[must_use]
    pub fn destination(&self) -> Destination {
        Destination {
            exchange: self.exchange.clone(),
            routing_key: self.routing_key.clone(),
        }
    }
}

impl Store {
    /// Puts messages on the slow lane, or back to its end.
    pub async fn fail_outbox(&self, failed: &[Failed]) -> Result<(), StoreError> {
        if failed.is_empty() {
            return Ok(());
        }
        let connection = self.connection().await?;
        let statement = connection.prepared(FAIL).await?;
        connection
            .execute(
                &statement,
                &[
                    &column(failed, |f| f.row.process.0),
                    &column(failed, |f| f.row.id),
                    &column(failed, |f| f.row.what.name()),
                    &column(failed, |f| f.slow.name()),
                    &column(failed, |f| f.detail.as_deref()),
                    &column(failed, |f| f.retry_after.as_secs_f64()),
                ],
            )
            .await?;
        Ok(())
    }

    /// Takes messages that are published one by one.
    pub async fn claim_single(
        &self,
        limit: i64,
        lease: Duration,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(CLAIM_SINGLE).await?;
        let rows = connection
            .query(&statement, &[&limit, &lease.as_secs_f64()])
            .await?;
        Ok(outbox::readable(&rows))
    }

    /// Takes messages of a destination that is failing.
    pub async fn claim_failing(
        &self,
        destination: &Destination,
        limit: i64,
        lease: Duration,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(CLAIM_FAILING).await?;
        let (exchange, key) = (&destination.exchange, &destination.routing_key);
        let rows = connection
            .query(&statement, &[&limit, &lease.as_secs_f64(), exchange, key])
            .await?;
        Ok(outbox::readable(&rows))
    }

    /// Where messages go that could not be delivered because of their destination, at most `limit`.
    pub async fn failing_destinations(&self, limit: i64) -> Result<Vec<Failing>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(FAILING).await?;
        let rows = connection.query(&statement, &[&limit]).await?;
        let failing = rows.iter().map(|row| Failing {
            destination: destination(row),
            denied: row.get(2),
        });
        Ok(failing.collect())
    }

    /// Where messages go that wait although their destination is not failing any more.
    pub async fn waiting_destinations(&self, limit: i64) -> Result<Vec<Destination>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(WAITING).await?;
        let rows = connection.query(&statement, &[&limit]).await?;
        Ok(rows.iter().map(destination).collect())
    }

    /// Brings waiting messages of a destination back to the normal lane; says how many.
    pub async fn release_waiting(
        &self,
        destination: &Destination,
        limit: i64,
    ) -> Result<i64, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(RELEASE).await?;
        let (exchange, key) = (&destination.exchange, &destination.routing_key);
        let row = connection
            .query_one(&statement, &[exchange, key, &limit])
            .await?;
        Ok(row.get(0))
    }

    /// The completions of processes that have ended, made from their records.
    pub async fn completions(
        &self,
        keys: &[ProcessKey],
    ) -> Result<HashMap<ProcessKey, RetryPlan>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(LOAD_ENDED).await?;
        let keys = column(keys, |key| key.0);
        let rows = connection.query(&statement, &[&keys]).await?;
        // One that can't be read has no completion, and keeps none of the others from theirs.
        let ended = rows.iter().filter_map(|row| Some((ended(row).ok()?, row)));
        let (ended, rows): (Vec<Process>, Vec<_>) = ended.unzip();
        let mut items = summaries(&connection, &ended).await?;
        let kept = ended.iter().zip(rows).filter_map(|(process, row)| {
            let summary = items.remove(&process.key).unwrap_or_default();
            let kept = RetryPlan {
                process: process.key,
                completion: Completion::of(process, summary)?,
                format: row.get(29),
                hash: row.get(30),
            };
            Some((process.key, kept))
        });
        Ok(kept.collect())
    }
}

/// Reads the columns of `load_ended.sql`.
fn ended(row: &tokio_postgres::Row) -> Result<Process, StoreError> {
    Ok(Process {
        stops: from_bigint(row.get(31)),
        ..process::from_row(row)?
    })
}

fn destination(row: &tokio_postgres::Row) -> Destination {
    Destination {
        exchange: row.get(0),
        routing_key: row.get(1),
    }
}

async fn summaries(
    connection: &Connection,
    ended: &[Process],
) -> Result<HashMap<ProcessKey, crate::domain::completion::ItemSummary>, StoreError> {
    let with_items = ended.iter().filter(|process| process.items.seen > 0);
    let keys: Vec<_> = with_items.map(|process| process.key.0).collect();
    item::summarize(connection, &keys).await
}
