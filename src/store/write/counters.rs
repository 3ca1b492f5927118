//! The table `tally`: counts updated by each change, instead of `count(*)` over big tables.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::Kind;
use crate::store::{Connection, Store, StoreError, column, from_bigint};

pub(super) const ADD: &str = include_str!("../queries/write/add_tally.sql");
const READ: &str = include_str!("../queries/write/read_tally.sql");
const OLDEST_OPEN: &str = include_str!("../queries/write/oldest_open.sql");

const OPEN: &str = "processes_open";
const PARKED: &str = "parked";
const DEAD: &str = "dead_letters";
const STUCK: &str = "outbox_stuck";
const QUARANTINED: &str = "quarantined";

/// Counts over all workers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Processes that have not ended, by kind.
    pub open: BTreeMap<String, u64>,
    /// Dead letters, by reason.
    pub dead_letters: BTreeMap<String, u64>,
    /// Stuck messages of the outbox, by reason.
    pub stuck: BTreeMap<String, u64>,
    /// Parked pushes.
    pub parked: u64,
    /// Quarantined processes.
    pub quarantined: u64,
    /// When the oldest open process of a kind was created.
    pub oldest_open: BTreeMap<String, Timestamp>,
}

/// Changes the counts of open processes.
pub(in crate::store) async fn add_open(
    connection: &Connection,
    changes: &BTreeMap<Kind, i64>,
    shard: i16,
) -> Result<(), StoreError> {
    let moved: Vec<_> = changes.iter().filter(|(_, change)| **change != 0).collect();
    let names = vec![OPEN; moved.len()];
    let labels = column(&moved, |(kind, _)| kind.name());
    let values = column(&moved, |(_, change)| **change);
    connection
        .run_for(&moved, ADD, &[&names, &labels, &values, &shard])
        .await
        .map(drop)
}

impl Store {
    /// Reads the counts.
    pub async fn tally(&self) -> Result<Tally, StoreError> {
        let connection = self.connection().await?;
        let mut tally = Tally::default();
        for row in connection.rows(READ, &[]).await? {
            let (name, label): (&str, String) = (row.get(0), row.get(1));
            let counts = match name {
                PARKED => {
                    tally.parked = from_bigint(row.get(2));
                    continue;
                }
                QUARANTINED => {
                    tally.quarantined = from_bigint(row.get(2));
                    continue;
                }
                OPEN => &mut tally.open,
                DEAD => &mut tally.dead_letters,
                STUCK => &mut tally.stuck,
                _ => continue,
            };
            counts.insert(label, from_bigint(row.get(2)));
        }
        for row in connection.rows(OLDEST_OPEN, &[]).await? {
            if let Some(since) = row.get(1) {
                tally.oldest_open.insert(row.get(0), since);
            }
        }
        Ok(tally)
    }
}
