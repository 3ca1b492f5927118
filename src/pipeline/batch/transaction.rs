//! The transaction of a batch: what it loads, what is decided, what it writes.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::decide::Decision;
use super::dedup::unique;
use super::effects;
use super::job::{Fate, Written};
use super::merging::Merged;
use super::orders::{Catalog, Orders, Refused, Workflows};
use super::outcome::Outcome;
use super::writer::Writer;
use crate::domain::order::OrderLimits;
use crate::domain::{Happening, Kind, ProcessKey};
use crate::pipeline::consume::delivery::{Content, Held};
use crate::pipeline::failpoint::CrashPoint;
use crate::store::admin::workflow;
use crate::store::write::batch::{self, Changes, Loaded};
use crate::store::write::dead_letter::DeadLetter;
use crate::store::write::event::NewEvent;
use crate::store::write::outbox::OutboxRow;
use crate::store::write::parked::DecidedKinds;
use crate::store::{Connection, StoreError, Unreadable};
use crate::wire::{self, Reason};

impl Writer {
    pub(super) async fn transaction(
        &mut self,
        connection: &Connection,
        held: &[Held],
    ) -> Result<Written, StoreError> {
        let events: Vec<&NewEvent> = held.iter().filter_map(Held::as_event).collect();
        let (firsts, places) = unique(&events);
        let mut loaded = self.begin(connection, &firsts).await?;
        self.faults.pass(CrashPoint::EventsWritten);
        let limits = self.rules.orders;
        let orders =
            load_orders(connection, &mut loaded, &firsts, &mut self.catalog, limits).await?;
        let merged = Merged::of(&events, &places, loaded, orders);
        let questions = merged.questions();
        let (corrections, items) = (&merged.corrections, &merged.items);
        let answers = batch::write_items(connection, corrections, items, &questions).await?;
        let fates = fates(held, &merged);
        let refused = self.refused(held, &merged);
        let mut outbox = token_replies(held, &fates);
        let refusals = merged.refusals.iter();
        outbox
            .extend(refusals.filter_map(|(i, refused)| effects::refusal(events.get(*i)?, refused)));
        let kept = self.kept(held, &merged.kept);
        let mut decision = merged.decide(&answers.sequenced, self.rules.settle);
        // Also those that did not wait long: they are found and settled like any other.
        decision.entered.changes.parked = kept;
        outbox.extend(effects::completions(
            &decision,
            answers.items,
            answers.place,
        ));
        outbox.extend(effects::stages(&decision.entered.stops));
        let letters = held.iter().filter_map(Held::as_letter).chain(&refused);
        let changes = changes(&decision, outbox, letters.collect());
        self.commit(connection, &changes).await?;
        let outbox = changes.outbox;
        Ok(Written {
            fates,
            outbox,
            decisions: vec![decision],
        })
    }

    async fn begin(
        &self,
        connection: &Connection,
        events: &[&NewEvent],
    ) -> Result<Loaded, StoreError> {
        let begin = batch::begin(connection, events, &self.known, self.rules.deadline);
        self.dying_at(CrashPoint::Begun, begin).await
    }

    async fn commit(
        &self,
        connection: &Connection,
        changes: &Changes<'_>,
    ) -> Result<(), StoreError> {
        self.faults.pass(CrashPoint::BeforeCommit);
        let commit = batch::commit(connection, changes, self.rules.sweep_after, self.shard);
        self.dying_at(CrashPoint::CommitSent, commit).await
    }

    /// Waits for an answer, unless it is told to die while that is under way.
    async fn dying_at<T>(
        &self,
        point: CrashPoint,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if !self.faults.waits_at(point) {
            return answer.await;
        }
        // Long enough to be sent, short enough that the answer is hardly ever here.
        let early = tokio::time::timeout(Duration::from_millis(1), answer).await;
        self.faults.pass(point);
        early.unwrap_or(Err(StoreError::Timeout))
    }

    /// Letters for events that can't be applied.
    fn refused(&self, held: &[Held], merged: &Merged) -> Vec<DeadLetter> {
        let events: Vec<&Held> = held.iter().filter(|h| h.as_event().is_some()).collect();
        let refusals = merged.refusals.iter();
        refusals
            .filter_map(|(index, refused)| events.get(*index)?.refused(&self.queue, refused))
            .collect()
    }

    /// The letters that events which came too early may become.
    fn kept(&self, held: &[Held], kept: &[usize]) -> Vec<(ProcessKey, DeadLetter)> {
        let events: Vec<&Held> = held.iter().filter(|h| h.as_event().is_some()).collect();
        let letter = |index: &usize| {
            let held = events.get(*index)?;
            // The reason is given when it becomes one.
            let letter = held.letter(&self.queue, Reason::StageNotReached, String::new())?;
            Some((held.as_event()?.key, letter))
        };
        kept.iter().filter_map(letter).collect()
    }
}

/// What is kept of the orders among the records, and every workflow they need. Records of which this
/// version can't read something of that are left out.
pub(in crate::pipeline) async fn load_orders(
    connection: &Connection,
    loaded: &mut Loaded,
    events: &[&NewEvent],
    catalog: &mut Catalog,
    limits: OrderLimits,
) -> Result<Orders, StoreError> {
    let openings = events.iter().filter(|event| opens_order(event));
    let opening: HashSet<ProcessKey> = openings.clone().map(|event| event.key).collect();
    let processes = loaded.processes.iter();
    let orders = processes.filter(|p| p.kind == Kind::Order || opening.contains(&p.key));
    let keys: Vec<_> = orders.clone().map(|process| process.key.0).collect();
    if keys.is_empty() {
        return Ok(Orders::default());
    }
    let names: BTreeSet<&str> = openings.filter_map(|event| workflow_name(event)).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let rows = batch::load_orders(connection, &keys, &names).await?;
    let walking = orders.filter(|process| process.ended.is_none());
    let bound = walking.filter_map(|process| {
        let name = process.opening.as_ref()?.1.workflow.clone()?;
        let version = rows.rows.get(&process.key)?.version?;
        Some((process.key, (name, version)))
    });
    let bound: Vec<_> = bound.filter(|(_, (_, version))| *version > 0).collect();
    let newest = rows.newest.iter();
    let newest = newest.map(|(name, version)| (name.clone(), *version));
    let versions = bound.iter().map(|(_, version)| version.clone());
    let workflows = read_workflows(connection, versions.chain(newest), catalog).await?;
    let unread = bound.into_iter().filter_map(|(key, version)| {
        let why = workflows.unreadable.get(&version)?;
        Some((key, why.clone()))
    });
    let unread = unread.collect();
    let (orders, unreadable) = Orders::new(rows, workflows, limits);
    loaded.leave_out(unread);
    loaded.leave_out(unreadable);
    Ok(orders)
}

/// Reads the versions of workflows that the catalog has not.
async fn read_workflows(
    connection: &Connection,
    versions: impl Iterator<Item = (String, i32)>,
    catalog: &mut Catalog,
) -> Result<Workflows, StoreError> {
    let mut unreadable = HashMap::new();
    for (name, version) in versions {
        let known = (name.clone(), version);
        if catalog.contains_key(&known) || unreadable.contains_key(&known) {
            continue;
        }
        let stored = workflow::load(connection, &name, Some(version)).await?;
        match stored.and_then(|stored| wire::workflow_file::read(stored.source.as_bytes()).ok()) {
            Some(workflow) => {
                catalog.insert(known, Arc::new(workflow));
            }
            None => {
                unreadable.insert(known, Unreadable::workflow(&name, version));
            }
        }
    }
    Ok(Workflows {
        catalog: catalog.clone(),
        unreadable,
    })
}

fn opens_order(event: &NewEvent) -> bool {
    event.event.kind == Kind::Order && event.event.opens()
}

/// The workflow that an event opens an order with.
fn workflow_name(event: &NewEvent) -> Option<&str> {
    match &event.event.happening {
        Happening::Opened(opening) => opening.workflow.as_deref(),
        _ => None,
    }
}

/// What a decision writes.
pub(in crate::pipeline) fn changes<'a>(
    decision: &'a Decision,
    outbox: Vec<OutboxRow>,
    dead_letters: Vec<&'a DeadLetter>,
) -> Changes<'a> {
    let (counts, whole): (Vec<_>, Vec<_>) = decision
        .changed
        .iter()
        .partition(|changed| changed.only_counts);
    Changes {
        processes: whole.into_iter().map(|changed| &changed.process).collect(),
        counts: counts.into_iter().map(|changed| &changed.process).collect(),
        outbox,
        dead_letters,
        open: decision.open_change.clone(),
        orders: Some(&decision.entered.changes),
        kinds: kinds(decision),
    }
}

/// What becomes of what was kept until the kinds of processes were decided.
fn kinds(decision: &Decision) -> Option<DecidedKinds> {
    let processes = Some(decision.kinds.clone()).filter(|kinds| !kinds.is_empty())?;
    let refused = Refused::other_kind();
    Some(DecidedKinds {
        processes,
        reason: refused.reason.name(),
        problem: serde_json::json!(refused.problem()).to_string(),
    })
}

fn fates(held: &[Held], merged: &Merged) -> Vec<Fate> {
    let mut outcomes = merged.outcomes.iter();
    // In the order of the events.
    let mut reasons = merged.refusals.iter().map(|(_, refused)| refused.reason);
    let mut fate = |held: &Held| match &held.content {
        Content::Event { .. } => match outcomes.next() {
            Some(Outcome::Refused) => reasons.next().map_or(Fate::Dead, Fate::Refused),
            Some(outcome) => Fate::Logged(*outcome),
            None => Fate::Dead,
        },
        Content::Dead(_) => Fate::Dead,
    };
    held.iter().map(&mut fate).collect()
}

fn token_replies(held: &[Held], fates: &[Fate]) -> Vec<OutboxRow> {
    let mut rows = Vec::new();
    for (held, fate) in held.iter().zip(fates) {
        if let Content::Event {
            event,
            token_wanted: true,
        } = &held.content
            && *fate == Fate::Logged(Outcome::Applied)
        {
            rows.push(effects::token_reply(&event.event, event.key));
        }
    }
    rows
}
