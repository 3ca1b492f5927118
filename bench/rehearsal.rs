//! What a worker would write and publish for every batch of a workload, worked out beforehand
//! with the real decoding and the real merge, over records in memory instead of the database.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use waybill::broker::{HeaderValue, Outgoing};
use waybill::core::completion::{ItemError, ItemSummary};
use waybill::core::merge::Outcomes;
use waybill::core::{Happening, Item, Kind, Process, ProcessKey, Stamp};
use waybill::store::batch::Loaded;
use waybill::store::event::{Inserted, NewEvent};
use waybill::store::item::ChangedItem;
use waybill::store::outbox::OutboxRow;
use waybill::wire::{self, Limits, Message};

use crate::decide::{self, Decision};
use crate::effects;
use crate::workload::{Place, Workload, time_of};

/// As many as Waybill puts into one transaction.
pub(crate) const BATCH: usize = 1_000;
/// Nothing is ever missing here.
pub(crate) const SETTLE: SignedDuration = SignedDuration::from_hours(1);

/// One batch: what was received, and what became of it.
pub(crate) struct Act {
    /// How many messages it takes.
    pub(crate) messages: usize,
    /// What they say, each identity once.
    pub(crate) events: Vec<NewEvent>,
    pub(crate) changed: Vec<Process>,
    pub(crate) items: Vec<ChangedItem>,
    pub(crate) ended: Vec<Uuid>,
    pub(crate) outbox: Vec<OutboxRow>,
    pub(crate) open: BTreeMap<Kind, i64>,
}

/// Every batch of the workload, decoded only.
pub(crate) fn decoded(workload: Workload) -> anyhow::Result<Vec<Vec<NewEvent>>> {
    let order = workload.order();
    let mut position = 0;
    let mut batches = Vec::new();
    for places in order.chunks(BATCH) {
        let mut events = Vec::with_capacity(places.len());
        for place in places {
            events.push(decode(*place, time_of(position))?);
            position += 1;
        }
        batches.push(events);
    }
    Ok(batches)
}

/// Every batch of the workload with all that it causes.
pub(crate) fn acts(workload: Workload) -> anyhow::Result<Vec<Act>> {
    let mut memory = Memory::default();
    Ok(decoded(workload)?
        .into_iter()
        .map(|events| memory.play(events))
        .collect())
}

/// The message that the relay would make of a row.
pub(crate) fn outgoing(row: &OutboxRow) -> Outgoing {
    let body = row.payload.clone().into_bytes();
    let mut message = Outgoing::new(&row.exchange, &row.routing_key, &row.id.to_string(), body);
    let headers: BTreeMap<String, String> = serde_json::from_str(&row.headers).unwrap_or_default();
    let properties = &mut message.properties;
    properties.correlation_id = Some(row.token.clone());
    properties.type_ = Some(row.type_name.clone());
    properties.content_type = Some("application/json".to_owned());
    properties.timestamp = u64::try_from(row.time.as_second()).ok();
    properties.headers = headers
        .into_iter()
        .map(|(name, value)| (name, HeaderValue::from(value)))
        .collect();
    message
}

fn decode(place: Place, time: Timestamp) -> anyhow::Result<NewEvent> {
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
    Ok(NewEvent {
        key: accepted.event.key(),
        event: accepted.event,
        type_name: accepted.type_name,
        data: accepted.data,
    })
}

/// What the database would know.
#[derive(Default)]
struct Memory {
    processes: HashMap<ProcessKey, Process>,
    identities: HashSet<String>,
    items: HashMap<ProcessKey, BTreeMap<String, (Item, Stamp)>>,
}

impl Memory {
    fn play(&mut self, events: Vec<NewEvent>) -> Act {
        let all: Vec<&NewEvent> = events.iter().collect();
        let (unique, _) = decide::unique(&all);
        let loaded = self.load(&unique);
        let decision = decide::decide(&all, loaded, SETTLE);
        let unique = unique.into_iter().cloned().collect();
        self.keep(&decision);
        let ended: Vec<ProcessKey> = decision.ended_with_items().collect();
        let summaries = ended.iter().map(|key| (*key, self.summary(*key))).collect();
        let outbox = effects::completions(&decision, summaries);
        Act {
            messages: events.len(),
            events: unique,
            ended: ended.iter().map(|key| key.0).collect(),
            outbox,
            changed: decision.changed,
            items: decision.items,
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
                *loaded.created.entry(kind).or_insert(0) += 1;
                let (tenant, token) = (event.event.tenant.clone(), event.event.token.clone());
                Process::unopened(tenant, token, kind)
            });
            let late = process.ended.is_some();
            if keys.insert(event.key) {
                loaded.processes.push(process.clone());
            }
            if self.identities.insert(stamp.id.clone()) {
                let (source, id) = (stamp.source.clone(), stamp.id.clone());
                loaded.inserted.push(Inserted {
                    key: event.key,
                    source,
                    id,
                    late,
                });
            }
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

    fn keep(&mut self, decision: &Decision) {
        for process in &decision.changed {
            self.processes.insert(process.key, process.clone());
        }
        for changed in &decision.items {
            let items = self.items.entry(changed.key).or_default();
            items.insert(
                changed.item.identifier.clone(),
                (changed.item.clone(), changed.stamp.clone()),
            );
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
