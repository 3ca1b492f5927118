//! Erasing processes before their retention is over, with everything that is kept of them: first what
//! says something, in one transaction with its audit; then the rows, slice by slice.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::audit::{Act, Action};
use super::deletion::{Deletion, Stopped};
use crate::domain::{Kind, ProcessKey};
use crate::store::connection::Values;
use crate::store::write::{counters, process};
use crate::store::{Connection, Store, StoreError, column, from_bigint};

const LOCK: &str = include_str!("../queries/admin/lock_erased.sql");
const COUNT: &str = include_str!("../queries/admin/count_erased.sql");
const PARKED: &str = include_str!("../queries/admin/delete_process_parked.sql");
const OUTBOX: &str = include_str!("../queries/admin/erase_outbox.sql");
const QUARANTINE: &str = include_str!("../queries/admin/erase_quarantine.sql");
const FILES: &str = include_str!("../queries/admin/erase_files.sql");
const DEAD_LETTERS: &str = include_str!("../queries/admin/erase_dead_letters.sql");
const TOMBSTONES: &str = include_str!("../queries/admin/erase_tombstones.sql");
const RECORDS: &str = include_str!("../queries/admin/erase_records.sql");
const ACCESS: &str = include_str!("../queries/admin/erase_access.sql");
const OF_GROUP: &str = include_str!("../queries/admin/tokens_of_group.sql");
const OF_TENANT: &str = include_str!("../queries/admin/tokens_of_tenant.sql");

/// Processes of one transaction.
const PROCESSES_MAX: i64 = 100;
/// Rows of each table that one slice deletes.
const ROWS_MAX: i64 = 5_000;
/// Dead letters that one transaction deletes.
const DEAD_LETTERS_MAX: i64 = 1_000;
/// The shard of the counts to change.
const SHARD: i16 = 0;

/// Which processes to erase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErasureScope {
    /// That of a token.
    Token(String),
    /// Those of a group.
    Group(String),
    /// All of the tenant, with what gives access to it.
    Everything,
}

/// What to erase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Whose.
    pub tenant: String,
    /// Which processes.
    pub scope: ErasureScope,
    /// Whether dead letters of no known tenant are included if they carry an erased token.
    pub unowned: bool,
    /// How long to delete rows; the janitor deletes the rest. `None` is to the end.
    pub time_max: Option<Duration>,
}

/// What there was, and is not any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Records.
    pub processes: u64,
    /// Rows of the event log.
    pub events: u64,
    /// Items.
    pub items: u64,
    /// Stops at stages.
    pub stages: u64,
    /// Parked events.
    pub parked: u64,
    /// Messages that were not published.
    pub outbox: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Tombstones of earlier attempts, which were emptied.
    pub tombstones: u64,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub file_bytes: u64,
    /// Keys that were revoked.
    pub keys: u64,
    /// Sessions that were ended.
    pub sessions: u64,
    /// Rules of producers that were removed.
    pub rules: u64,
    /// Processes whose rows the janitor still deletes.
    pub unfinished: u64,
}

impl Erased {
    /// Whether there was nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for Erased {
    fn add_assign(&mut self, other: Self) {
        self.processes += other.processes;
        self.events += other.events;
        self.items += other.items;
        self.stages += other.stages;
        self.parked += other.parked;
        self.outbox += other.outbox;
        self.dead_letters += other.dead_letters;
        self.tombstones += other.tombstones;
        self.files += other.files;
        self.file_bytes += other.file_bytes;
        self.keys += other.keys;
        self.sessions += other.sessions;
        self.rules += other.rules;
        self.unfinished += other.unfinished;
    }
}

/// The place of a walk through the processes of a tenant.
type Place = (Timestamp, Uuid);

impl Erasure {
    /// Erases; calls `progress` after each transaction with what was erased so far.
    ///
    /// # Errors
    ///
    /// If the database fails. Erasing again goes on.
    pub async fn run(
        &self,
        store: &Store,
        progress: impl Fn(&Erased),
    ) -> Result<Erased, StoreError> {
        let mut sum = Erased::default();
        let until = self.time_max.map(|time| Instant::now() + time);
        if self.scope == ErasureScope::Everything {
            sum += self.access(store).await?;
        }
        let mut place = Some((Timestamp::UNIX_EPOCH, Uuid::nil()));
        while let Some(after) = place {
            let (tokens, next) = self.tokens(store, after).await?;
            if !tokens.is_empty() {
                sum += self.batch(store, &tokens, until).await?;
                progress(&sum);
            }
            place = next;
        }
        if self.scope == ErasureScope::Everything {
            sum.dead_letters += self.dead_letters(store, None).await?;
        }
        Ok(sum)
    }

    /// The next tokens, and where the walk goes on.
    async fn tokens(
        &self,
        store: &Store,
        (time, key): Place,
    ) -> Result<(Vec<String>, Option<Place>), StoreError> {
        let rows = match &self.scope {
            ErasureScope::Token(token) => return Ok((vec![token.clone()], None)),
            ErasureScope::Group(group) => {
                let values: Values<'_> = &[&self.tenant, group, &PROCESSES_MAX];
                store.rows(OF_GROUP, values).await?
            }
            ErasureScope::Everything => {
                let values: Values<'_> = &[&self.tenant, &time, &key, &PROCESSES_MAX];
                store.rows(OF_TENANT, values).await?
            }
        };
        let next = rows.last().map(|row| (row.get(1), row.get(2)));
        Ok((column(&rows, |row| row.get(0)), next))
    }

    /// Erases the processes of some tokens, and what else carries these.
    async fn batch(
        &self,
        store: &Store,
        tokens: &[String],
        until: Option<Instant>,
    ) -> Result<Erased, StoreError> {
        let mut named: Vec<_> = tokens
            .iter()
            .map(|token| (ProcessKey::of(&self.tenant, token).0, token.as_str()))
            .collect();
        named.sort_unstable();
        let (keys, tokens): (Vec<Uuid>, Vec<&str>) = named.into_iter().unzip();
        let connection = store.connection().await?;
        connection.begin().await?;
        let mut erased = self.transaction(&connection, &keys, &tokens).await?;
        if erased.is_nothing() {
            connection.roll_back().await?;
            return Ok(erased);
        }
        for key in &keys {
            let act = Act {
                action: Action::ProcessErased,
                object: &key.to_string(),
                tenant: Some(&self.tenant),
            };
            store.note(&connection, act).await?;
        }
        connection.commit().await?;
        drop(connection);
        if erased.dead_letters >= DEAD_LETTERS_MAX.unsigned_abs() {
            erased.dead_letters += self.dead_letters(store, Some(&tokens)).await?;
        }
        erased.unfinished = delete_rows(store, &keys, until).await?;
        Ok(erased)
    }

    /// Takes its locks in the order in which workers do.
    async fn transaction(
        &self,
        connection: &Connection,
        keys: &[Uuid],
        tokens: &[&str],
    ) -> Result<Erased, StoreError> {
        let locked = connection.rows(LOCK, &[&keys]).await?;
        let mut erased = counted(&connection.row(COUNT, &[&keys]).await?);
        erased.processes = locked.len() as u64;
        connection.run(PARKED, &[&keys, &SHARD]).await?;
        connection.run(OUTBOX, &[&keys]).await?;
        let values: Values<'_> = &[&self.tenant, &tokens, &self.unowned, &DEAD_LETTERS_MAX];
        let row = connection.row(DEAD_LETTERS, values).await?;
        erased.dead_letters = from_bigint(row.get(0));
        connection.run(QUARANTINE, &[&keys]).await?;
        connection.run(FILES, &[&keys]).await?;
        connection.run(TOMBSTONES, &[&keys, &tokens]).await?;
        connection.run(RECORDS, &[&keys]).await?;
        counters::add_open(connection, &closed(&locked)?, SHARD).await?;
        Ok(erased)
    }

    /// Deletes dead letters, of these tokens or all of the tenant; returns how many.
    async fn dead_letters(
        &self,
        store: &Store,
        tokens: Option<&[&str]>,
    ) -> Result<u64, StoreError> {
        let mut sum = 0;
        loop {
            let values: Values<'_> = &[&self.tenant, &tokens, &self.unowned, &DEAD_LETTERS_MAX];
            let row = store.row(DEAD_LETTERS, values).await?;
            let deleted: i64 = row.get(0);
            sum += from_bigint(deleted);
            if deleted < DEAD_LETTERS_MAX {
                return Ok(sum);
            }
        }
    }

    /// Ends all access to the tenant, so that no more comes.
    async fn access(&self, store: &Store) -> Result<Erased, StoreError> {
        let act = Act {
            action: Action::TenantErased,
            object: &self.tenant,
            tenant: Some(&self.tenant),
        };
        let rows = store.act(act, ACCESS, &[&self.tenant], |_| true).await?;
        let count = |column: usize| rows.first().map_or(0, |row| from_bigint(row.get(column)));
        Ok(Erased {
            keys: count(0),
            sessions: count(1),
            rules: count(2),
            ..Erased::default()
        })
    }
}

/// Deletes the rows of processes that are being erased; returns how many of them are left to the
/// janitor.
async fn delete_rows(
    store: &Store,
    keys: &[Uuid],
    until: Option<Instant>,
) -> Result<u64, StoreError> {
    let mut stopped = Stopped::default();
    loop {
        let deletion = Deletion::erased(store, keys).await?;
        let left = deletion.claimed().len() as u64;
        if left == 0 || until.is_some_and(|until| Instant::now() >= until) {
            deletion.release().await?;
            return Ok(left);
        }
        deletion.slice(ROWS_MAX, &mut stopped).await?;
    }
}

fn counted(row: &Row) -> Erased {
    let count = |column: usize| from_bigint(row.get(column));
    Erased {
        events: count(0),
        items: count(1),
        stages: count(2),
        parked: count(3),
        outbox: count(4),
        tombstones: count(5),
        files: count(6),
        file_bytes: count(7),
        ..Erased::default()
    }
}

/// By how much the numbers of open processes change.
fn closed(locked: &[Row]) -> Result<BTreeMap<Kind, i64>, StoreError> {
    let mut closed = BTreeMap::new();
    for row in locked.iter().filter(|row| row.get(2)) {
        *closed.entry(process::kind(row.get(1))?).or_insert(0) -= 1;
    }
    Ok(closed)
}
