//! Computes in advance what a worker would write and publish for every batch of a workload, with
//! the real decoding and the real merge, over records in memory instead of the database.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use waybill::broker::Outgoing;
use waybill::domain::completion::{ItemError, ItemSummary};
use waybill::domain::merge::Outcomes;
use waybill::domain::{Happening, Item, Kind, Process, ProcessKey, Stamp};
use waybill::store::read::feed_cursor::FeedCursor;
use waybill::store::write::batch::{EndingQueries, EndingResults, Loaded};
use waybill::store::write::event::{NewEvent, Sequences};
use waybill::store::write::item::ChangedItem;
use waybill::store::write::outbox::OutboxRow;
use waybill::wire;
use waybill::wire::{Limits, Message};

use crate::workload::{Place, Workload, time_of};
use waybill::pipeline::batch::effects;
use waybill::pipeline::batch::event::{BatchEvent, find_repetitions, firsts};
use waybill::pipeline::batch::merging::Merged;
use waybill::pipeline::batch::orders::Orders;

/// The size of Waybill's batches.
pub(crate) const BATCH: usize = 2_000;
/// The number of concurrent transactions per batch, each with its own processes.
pub(crate) const SHARES: usize = 2;
/// Nothing is ever missing here.
pub(crate) const SETTLE: SignedDuration = SignedDuration::from_hours(1);

/// One batch.
pub(crate) struct Scene {
    /// The number of its messages.
    pub(crate) messages: usize,
    /// Its transactions.
    pub(crate) acts: Vec<Act>,
}

/// One transaction: its events, and what it writes.
pub(crate) struct Act {
    /// The events, each identity once.
    pub(crate) events: Vec<NewEvent>,
    /// Records to write completely.
    pub(crate) processes: Vec<Process>,
    /// Records of which only the counts changed.
    pub(crate) counts: Vec<Process>,
    pub(crate) items: Vec<ChangedItem>,
    pub(crate) questions: EndingQueries,
    pub(crate) outbox: Vec<OutboxRow>,
    pub(crate) open: BTreeMap<Kind, i64>,
}

/// Every batch of the workload in its shares, decoded only.
pub(crate) fn decoded(workload: Workload) -> anyhow::Result<Vec<Vec<Vec<BatchEvent>>>> {
    let order = workload.order();
    let mut batches = Vec::new();
    for places in order.chunks(BATCH) {
        let mut shares: Vec<Vec<BatchEvent>> = (0..SHARES).map(|_| Vec::new()).collect();
        for place in places {
            let event = decode(*place, time_of(place.position))?;
            let share = event.new.key.0.as_u128() as usize % SHARES;
            shares
                .get_mut(share)
                .context("a share that is not there")?
                .push(event);
        }
        batches.push(shares);
    }
    Ok(batches)
}

/// Every batch of the workload with all that it causes.
pub(crate) fn scenes(workload: Workload) -> anyhow::Result<Vec<Scene>> {
    let mut memory = Memory::default();
    let scene = |shares: Vec<Vec<BatchEvent>>| Scene {
        messages: shares.iter().map(Vec::len).sum(),
        acts: shares
            .into_iter()
            .map(|events| memory.play(events))
            .collect(),
    };
    Ok(decoded(workload)?.into_iter().map(scene).collect())
}

/// The message that the relay would make of a row.
pub(crate) fn outgoing(row: &OutboxRow) -> Outgoing {
    let body = row.payload.clone().unwrap_or_default().into_bytes();
    let mut message = Outgoing::new(&row.exchange, &row.routing_key, &row.id.to_string(), body);
    let properties = &mut message.properties;
    properties.correlation_id = Some(row.token.clone());
    properties.type_ = Some(row.type_name.clone());
    properties.content_type = Some("application/json".to_owned());
    properties.timestamp = u64::try_from(row.time.as_second()).ok();
    let headers = row.headers.iter();
    properties.headers = headers
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    message
}

fn decode(place: Place, time: Timestamp) -> anyhow::Result<BatchEvent> {
    let message = place.message(time);
    let properties = &message.properties;
    let received = Message {
        body: &message.body,
        routing_key: &message.routing_key,
        content_type: properties.content_type.as_deref(),
        message_id: properties.message_id.as_deref(),
        correlation_id: properties.correlation_id.as_deref(),
        ..Message::default()
    };
    let accepted = wire::decode(&received, &Limits::default(), time)
        .ok()
        .context("an event of the workload is refused")?;
    let event = NewEvent {
        key: accepted.event.key(),
        event: accepted.event,
        type_name: accepted.type_name,
        time_given: accepted.time_given,
        data: accepted.data,
    };
    Ok(BatchEvent::new(event, false))
}

/// The state that the database would have.
#[derive(Default)]
struct Memory {
    processes: HashMap<ProcessKey, Process>,
    identities: HashSet<String>,
    sequences: HashMap<ProcessKey, HashSet<u64>>,
    items: HashMap<ProcessKey, BTreeMap<String, (Item, Stamp)>>,
}

impl Memory {
    fn play(&mut self, mut events: Vec<BatchEvent>) -> Act {
        let mut all: Vec<&mut BatchEvent> = events.iter_mut().collect();
        find_repetitions(&mut all);
        let loaded = self.load(&firsts(&all));
        let mut merged = Merged::of(&mut all, loaded, Orders::default());
        let items = std::mem::take(&mut merged.items);
        self.keep_items(&items);
        let questions = merged.questions();
        let answers = self.answer(&questions);
        let decision = merged.decide(&answers.sequenced, SETTLE);
        for changed in &decision.changed {
            let process = &changed.process;
            self.processes.insert(process.key, process.clone());
        }
        let outbox = effects::completions(&decision, answers.items, answers.place);
        let (counts, processes): (Vec<_>, Vec<_>) =
            decision.changed.into_iter().partition(|c| c.only_counts);
        Act {
            events: firsts(&all).into_iter().cloned().collect(),
            processes: processes.into_iter().map(|c| c.process).collect(),
            counts: counts.into_iter().map(|c| c.process).collect(),
            items,
            questions,
            outbox,
            open: decision.open_change,
        }
    }

    fn load(&mut self, events: &[&NewEvent]) -> Loaded {
        let mut loaded = Loaded {
            now: time_of(0),
            ..Loaded::default()
        };
        let mut keys = HashSet::new();
        for event in events {
            let (stamp, kind) = (&event.event.stamp, event.event.kind);
            let process = self.processes.entry(event.key).or_insert_with(|| {
                loaded.created.insert(event.key, kind);
                let (tenant, token) = (event.event.tenant.clone(), event.event.token.clone());
                Process::unopened(tenant, token, kind)
            });
            if keys.insert(event.key) {
                loaded.processes.push(process.clone());
            }
            let new = self.identities.insert(stamp.id.clone());
            if new {
                let sequences = self.sequences.entry(event.key).or_default();
                sequences.extend(stamp.sequence);
            }
            loaded.new.push(new);
            if let Happening::Items(items) = &event.event.happening {
                let known = self.items.entry(event.key).or_default();
                let outcomes: &mut Outcomes = loaded.outcomes.entry(event.key).or_default();
                for (item, stamp) in items.iter().filter_map(|item| known.get(&item.identifier)) {
                    outcomes.load(item.identifier.clone(), item.ok, stamp.clone());
                }
            }
        }
        loaded
    }

    fn keep_items(&mut self, items: &[ChangedItem]) {
        for changed in items {
            let known = self.items.entry(changed.key).or_default();
            let value = (changed.item.clone(), changed.stamp.clone());
            known.insert(changed.item.identifier.clone(), value);
        }
    }

    fn answer(&self, questions: &EndingQueries) -> EndingResults {
        let count = |key: &ProcessKey, below: u64| {
            let sequences = self.sequences.get(key).into_iter().flatten();
            let seen = sequences.filter(|sequence| **sequence < below);
            Sequences {
                count: seen.clone().count() as u64,
                declared: seen.max().map_or(0, |greatest| greatest + 1),
            }
        };
        let sequenced = questions.sequenced.iter();
        let items = questions.items.iter().map(|key| ProcessKey(*key));
        EndingResults {
            sequenced: sequenced
                .map(|(key, _, below)| (*key, count(key, *below)))
                .collect(),
            items: items.map(|key| (key, self.summary(key))).collect(),
            // As long as a real one.
            place: questions.place.then(FeedCursor::default),
        }
    }

    fn summary(&self, key: ProcessKey) -> ItemSummary {
        let items = self
            .items
            .get(&key)
            .into_iter()
            .flatten()
            .map(|(_, (item, _))| item);
        let mut summary = ItemSummary::default();
        for item in items {
            summary.document_ids.extend(item.document_id.clone());
            if !item.ok {
                let (identifier, messages) = (item.identifier.clone(), item.messages.clone());
                summary.errors.push(ItemError {
                    identifier,
                    messages,
                });
            }
        }
        summary.document_count = summary.document_ids.len() as u64;
        summary
    }
}
