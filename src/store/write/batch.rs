//! One transaction in two halves, with the pure merge between them:
//! [`begin`] creates, locks, logs and loads; [`commit`] writes what the merge decided.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use uuid::Uuid;

use super::dead_letter::{self, DeadLetter};
use super::event::{self, Corrections, NewEvent};
use super::item::{self, ChangedItem};
pub use super::loaded::Loaded;
use super::outbox::{self, OutboxRow};
use super::parked::{self, DecidedKinds};
use super::stage::{self, LoadedOrders, OrderChanges};
use super::{counters, file, loaded, process};
use crate::domain::completion::ItemSummary;
use crate::domain::{Event, Kind, Process, ProcessKey};
use crate::store::admin::quarantine::{ClaimLimits, ClaimedRecord};
use crate::store::admin::retention;
use crate::store::read::feed_cursor::FeedCursor;
use crate::store::read::{epoch, feed};
use crate::store::{Connection, StoreError};
/// The changes that the second half writes.
#[derive(Debug, Default)]
pub struct Changes<'a> {
    /// Records that changed in more than their counts.
    pub processes: Vec<&'a Process>,
    /// Records of which only the counts changed.
    pub counts: Vec<&'a Process>,
    /// Messages to publish.
    pub outbox: Vec<OutboxRow>,
    /// Messages that could not be applied.
    pub dead_letters: Vec<&'a DeadLetter>,
    /// By how much the number of open processes changed.
    pub open: BTreeMap<Kind, i64>,
    /// Changes of orders.
    pub orders: Option<&'a OrderChanges>,
    /// Kinds that were decided after events had been parked.
    pub kinds: Option<DecidedKinds>,
    /// Processes of which an opening was refused.
    pub refused_openings: Vec<Uuid>,
}

/// The statements of a batch between `begin` and `commit`.
const STATEMENTS: [&str; 28] = [
    epoch::BEGIN,
    process::INSERT,
    process::LOCK,
    event::INSERT,
    event::MARK_LATE,
    event::REMOVE,
    item::LOAD,
    item::UPSERT,
    item::SUMMARIZE,
    process::UPDATE,
    process::UPDATE_COUNTS,
    event::COUNT_SEQUENCED,
    outbox::INSERT,
    dead_letter::INSERT,
    counters::ADD,
    stage::LOAD,
    stage::LOAD_STOPS,
    parked::LOAD,
    stage::NEWEST,
    stage::UPDATE,
    stage::UPSERT_STOPS,
    parked::INSERT,
    parked::DELETE,
    parked::REFUSE,
    parked::REFUSE_OTHERS,
    parked::DELETE_EARLY,
    file::REFUSE,
    feed::END,
];

/// Begins a transaction and, on another server or time line, an epoch; creates missing records,
/// locks all in key order, logs the events (each identity once) and loads what the merge needs: one
/// round trip. Records that are `known` to exist are not created; if one has been deleted
/// meanwhile, it returns [`StoreError::Removed`].
pub async fn begin(
    connection: &Connection,
    events: &[&NewEvent],
    known: &HashSet<ProcessKey>,
    deadline: Option<Duration>,
) -> Result<Loaded, StoreError> {
    connection.prepare_all(&STATEMENTS).await?;
    if events.is_empty() {
        connection.begin().await?;
        return Ok(Loaded::default());
    }
    let mut firsts: Vec<(ProcessKey, &Event)> = events.iter().map(|e| (e.key, &e.event)).collect();
    firsts.sort_by_key(|(key, _)| *key);
    firsts.dedup_by_key(|(key, _)| *key);
    let keys: Vec<Uuid> = firsts.iter().map(|(key, _)| key.0).collect();
    firsts.retain(|(key, _)| !known.contains(key));
    let (begun, epoch, created, locked, new, outcomes) = tokio::join!(
        biased;
        connection.begin(),
        epoch::begin(connection),
        process::insert(connection, &firsts, deadline.map(|d| d.as_secs_f64())),
        process::lock(connection, &keys),
        event::insert(connection, events),
        item::load(connection, events),
    );
    // The first failure in the order of sending is the cause; the later ones follow from it.
    begun?;
    epoch?;
    let created = created?;
    let locked = locked?;
    if locked.processes.len() + locked.unreadable.len() != keys.len() {
        return Err(StoreError::Removed);
    }
    let again = locked
        .processes
        .iter()
        .filter(|process| process.attempt > 1);
    let again: Vec<Uuid> = again.map(|process| process.key.0).collect();
    let (new, (outcomes, unreadable)) = (new?, outcomes?);
    let created: HashMap<ProcessKey, Kind> = created.into_iter().collect();
    let others = loaded::with_others(&locked.processes, events, &created);
    let mut loaded = Loaded {
        created,
        tombstones: retention::tombstones(connection, &again).await?,
        logged: event::logged(connection, events, &new).await?,
        others: parked::load_others(connection, &others).await?,
        new,
        outcomes,
        ..Loaded::from(locked)
    };
    loaded.leave_out(unreadable);
    Ok(loaded)
}

/// Begins a transaction of the janitor: claims due processes.
pub async fn begin_due(
    connection: &Connection,
    limits: &ClaimLimits,
) -> Result<Vec<ClaimedRecord>, StoreError> {
    connection.prepare_all(&STATEMENTS).await?;
    connection.begin().await?;
    process::due(connection, limits).await
}

/// Loads what [`begin_due`] claimed.
pub async fn load_due(
    connection: &Connection,
    claimed: &[ClaimedRecord],
) -> Result<Loaded, StoreError> {
    let keys: Vec<Uuid> = claimed.iter().map(|record| record.key.0).collect();
    let locked = process::lock(connection, &keys).await?;
    Ok(Loaded::from(locked))
}

/// Loads the orders among the records, and the workflow versions for openings.
pub async fn load_orders(
    connection: &Connection,
    keys: &[Uuid],
    workflows: &[&str],
) -> Result<LoadedOrders, StoreError> {
    stage::load(connection, keys, workflows).await
}

/// Queries about processes that may end now.
#[derive(Debug, Default)]
pub struct EndingQueries {
    /// Whose sequences below this one to count.
    pub sequenced: Vec<(ProcessKey, Kind, u64)>,
    /// Whose items to summarize.
    pub items: Vec<Uuid>,
    /// Whether to return the end of the feed.
    pub place: bool,
}

/// The results of the queries.
#[derive(Debug, Default)]
pub struct EndingResults {
    /// The sequences in the log.
    pub sequenced: HashMap<ProcessKey, event::Sequences>,
    /// The summaries of items for completions.
    pub items: HashMap<ProcessKey, ItemSummary>,
    /// The place in the feed before everything that was not committed yet.
    pub place: Option<FeedCursor>,
}

/// Corrects the log, writes outcomes and then runs the queries: one round trip, unless there are
/// corrections.
pub async fn write_items(
    connection: &Connection,
    corrections: &Corrections,
    items: &[ChangedItem],
    queries: &EndingQueries,
) -> Result<EndingResults, StoreError> {
    event::correct(connection, corrections).await?;
    process::remove(connection, &corrections.unmade).await?;
    item::delete(connection, &corrections.turned).await?;
    let (written, sequenced, summaries, place) = tokio::join!(
        biased;
        item::upsert(connection, items),
        event::count_sequenced(connection, &queries.sequenced),
        item::summarize(connection, &queries.items),
        place(connection, queries.place),
    );
    written?;
    Ok(EndingResults {
        sequenced: sequenced?,
        items: summaries?,
        place: place?,
    })
}

async fn place(connection: &Connection, requested: bool) -> Result<Option<FeedCursor>, StoreError> {
    match requested {
        true => feed::end(connection).await.map(Some),
        false => Ok(None),
    }
}

/// Writes the rest and commits: one round trip. An error may hide a commit that succeeded; on a
/// retry the log recognises the events.
pub async fn commit(
    connection: &Connection,
    changes: &Changes<'_>,
    sweep_after: Duration,
    shard: i16,
) -> Result<(), StoreError> {
    let (walked, decided, updated, moved, queued, kept, withdrawn, counted, committed) = tokio::join!(
        biased;
        stage::write(connection, changes.orders, shard),
        parked::decide(connection, changes.kinds.as_ref(), shard),
        process::update(connection, &changes.processes, &changes.outbox),
        process::update_counts(connection, &changes.counts),
        outbox::insert(connection, &changes.outbox, sweep_after),
        dead_letter::insert(connection, &changes.dead_letters, shard),
        file::refuse(connection, &changes.refused_openings),
        counters::add_open(connection, &changes.open, shard),
        connection.commit(),
    );
    // The server answers `commit` of an aborted transaction without an error, so each result
    // counts.
    walked?;
    decided?;
    updated?;
    moved?;
    queued?;
    kept?;
    withdrawn?;
    counted?;
    committed
}
