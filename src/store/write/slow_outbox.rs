//! The slow lane of the table `outbox`: messages that can't be delivered now, and their
//! destinations.

use std::collections::HashMap;
use std::time::Duration;

use super::outbox::{self, OutboxRow, Slow};
use super::{item, process};
use crate::domain::completion::Completion;
use crate::domain::{Process, ProcessKey};
use crate::store::connection::Values;
use crate::store::{Connection, Store, StoreError, column, from_bigint};

const CLAIM_FAILING: &str = include_str!("../queries/write/claim_failing.sql");
const CLAIM_SINGLE: &str = include_str!("../queries/write/claim_single.sql");
const FAIL: &str = include_str!("../queries/write/fail_outbox.sql");
const FAILING: &str = include_str!("../queries/write/failing_destinations.sql");
const LOAD_ENDED: &str = include_str!("../queries/write/load_ended.sql");
const RELEASE: &str = include_str!("../queries/write/release_waiting.sql");
const WAITING: &str = include_str!("../queries/write/waiting_destinations.sql");

/// An exchange and a routing key that messages are published to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Destination {
    /// The exchange; empty for the default one.
    pub exchange: String,
    /// The routing key.
    pub routing_key: String,
}

/// A failing destination.
#[derive(Debug, Clone)]
pub struct Failing {
    /// The destination.
    pub destination: Destination,
    /// The broker's reply, where it refuses access.
    pub denied: Option<String>,
}

impl Failing {
    /// Whether the whole exchange is missing or refused, not just one routing key.
    #[must_use]
    pub fn denies_exchange(&self) -> bool {
        let denied = self.denied.as_ref();
        denied.is_some_and(|text| !text.contains("topic"))
    }
}

/// A message that was not delivered.
#[derive(Debug, Clone)]
pub struct Failed {
    /// The destination.
    pub row: OutboxRow,
    /// The reason.
    pub slow: Slow,
    /// The broker's reply.
    pub detail: Option<String>,
    /// The delay after the first failure; it doubles with each.
    pub retry_after: Duration,
}

/// The rebuilt completion of an ended process, with the format and hash of the original.
#[derive(Debug, Clone)]
pub struct RetryPlan {
    /// The process.
    pub process: ProcessKey,
    /// Built from the record.
    pub completion: Completion,
    /// The format of the original body; `None` where a version without formats sent it.
    pub format: Option<i16>,
    /// The SHA-256 of the original body.
    pub hash: Option<Vec<u8>>,
}

impl OutboxRow {
    /// Its destination.
    #[must_use]
    pub fn destination(&self) -> Destination {
        Destination {
            exchange: self.exchange.clone(),
            routing_key: self.routing_key.clone(),
        }
    }
}

impl Store {
    /// Moves messages to the slow lane, or back to its end.
    pub async fn fail_outbox(&self, failed: &[Failed]) -> Result<(), StoreError> {
        if failed.is_empty() {
            return Ok(());
        }
        let values: Values<'_> = &[
            &column(failed, |f| f.row.process.0),
            &column(failed, |f| f.row.id),
            &column(failed, |f| f.row.what.name()),
            &column(failed, |f| f.slow.name()),
            &column(failed, |f| f.detail.as_deref()),
            &column(failed, |f| f.retry_after.as_secs_f64()),
        ];
        self.run(FAIL, values).await?;
        Ok(())
    }

    /// Claims messages that are published one by one.
    pub async fn claim_single(
        &self,
        limit: i64,
        lease: Duration,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let rows = self
            .rows(CLAIM_SINGLE, &[&limit, &lease.as_secs_f64()])
            .await?;
        Ok(outbox::readable(&rows))
    }

    /// Claims messages of a failing destination.
    pub async fn claim_failing(
        &self,
        destination: &Destination,
        limit: i64,
        lease: Duration,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let (exchange, key) = (&destination.exchange, &destination.routing_key);
        let values: Values<'_> = &[&limit, &lease.as_secs_f64(), exchange, key];
        let rows = self.rows(CLAIM_FAILING, values).await?;
        Ok(outbox::readable(&rows))
    }

    /// The failing destinations, at most `limit`.
    pub async fn failing_destinations(&self, limit: i64) -> Result<Vec<Failing>, StoreError> {
        let rows = self.rows(FAILING, &[&limit]).await?;
        let failing = rows.iter().map(|row| Failing {
            destination: destination(row),
            denied: row.get(2),
        });
        Ok(failing.collect())
    }

    /// Destinations that have waiting messages and are no longer failing.
    pub async fn waiting_destinations(&self, limit: i64) -> Result<Vec<Destination>, StoreError> {
        let rows = self.rows(WAITING, &[&limit]).await?;
        Ok(rows.iter().map(destination).collect())
    }

    /// Moves waiting messages of a destination back to the normal lane; returns how many.
    pub async fn release_waiting(
        &self,
        destination: &Destination,
        limit: i64,
    ) -> Result<i64, StoreError> {
        let (exchange, key) = (&destination.exchange, &destination.routing_key);
        let row = self.row(RELEASE, &[exchange, key, &limit]).await?;
        Ok(row.get(0))
    }

    /// The completions of ended processes, rebuilt from their records.
    pub async fn completions(
        &self,
        keys: &[ProcessKey],
    ) -> Result<HashMap<ProcessKey, RetryPlan>, StoreError> {
        let connection = self.connection().await?;
        let keys = column(keys, |key| key.0);
        let rows = connection.rows(LOAD_ENDED, &[&keys]).await?;
        // One that can't be read is left out, so that it does not block the others.
        let ended = rows.iter().filter_map(|row| Some((ended(row).ok()?, row)));
        let (ended, rows): (Vec<Process>, Vec<_>) = ended.unzip();
        let mut items = summaries(&connection, &ended).await?;
        let plans = ended.iter().zip(rows).filter_map(|(process, row)| {
            let summary = items.remove(&process.key).unwrap_or_default();
            let plan = RetryPlan {
                process: process.key,
                completion: Completion::of(process, summary)?,
                format: row.get(29),
                hash: row.get(30),
            };
            Some((process.key, plan))
        });
        Ok(plans.collect())
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
