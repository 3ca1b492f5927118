//! A process as it was after one of its events: rebuilt by merging its log up to that event.
//!
//! What events contain is exact: the opening, progress, items, history. The log has neither message
//! properties nor decisions by a clock; these come from the record:
//!
//! - `reply_to` is known if the opening is the one that is still valid.
//! - The times until which an open process waits are the current ones; if it has ended since, they
//!   are not known.
//! - The stops of an order were entered and left at the time of a transaction, by the same clock as
//!   the receive times of events. So they are exact between transactions; each event of one
//!   transaction already shows all the stops that the transaction created.
//! - A push that was parked then and applied later is not shown as parked: its form is applied at
//!   once.

use std::cmp::Reverse;
use std::collections::HashSet;

use jiff::Timestamp;

use super::order::OrderDetails;
use super::parts::LISTED_MAX;
use super::record::FoundProcess;
use crate::domain::order::{Left, Stop};
use crate::domain::replay_history::{Past, Was};
use crate::domain::{Event, Process, Stamp};
use crate::store::read::history::LogPart;
use crate::store::read::record::{LoggedEvent, Record};
use crate::wire;

/// Rewinds a process from its current record to the end of a part of its log; `None` if an event in
/// that part is damaged.
pub fn rewind(found: &mut FoundProcess, part: LogPart) -> Option<()> {
    let FoundProcess { record, order } = found;
    let at = part.events.last()?.received_at;
    let was = fold(record, order.as_ref(), &part.events)?;
    // Its end was committed by then, and later events changed nothing.
    let has_ended = part.is_last && record.sealed_at.is_some_and(|sealed_at| sealed_at <= at);
    if let Some(order) = order {
        let ended = record.process.ended.as_ref().map(|ended| ended.at);
        order.rewind(&was, at, ended, has_ended);
    }
    record.rewind(was, has_ended);
    record.list(part);
    Some(())
}

/// Merges the part, without events that changed nothing: late ones, and pushes that are still
/// parked.
fn fold(record: &Record, order: Option<&OrderDetails>, events: &[LoggedEvent]) -> Option<Was> {
    let parked = order.iter().flat_map(|order| &order.status.parked);
    let parked: HashSet<(&str, &str)> = parked
        .map(|push| (push.source.as_str(), push.id.as_str()))
        .collect();
    let Process {
        tenant,
        token,
        kind,
        ..
    } = &record.process;
    let mut past = Past::begin(tenant.clone(), token.clone(), *kind);
    for logged in events {
        if wire::kind_of(&logged.type_name).is_some_and(|of| of != *kind) {
            continue;
        }
        if logged.late
            || logged.refused.is_some()
            || parked.contains(&(logged.source.as_str(), logged.id.as_str()))
        {
            past.pass(logged.sequence);
            continue;
        }
        past.take(&Event {
            tenant: tenant.clone(),
            token: token.clone(),
            kind: *kind,
            stamp: stamp(logged),
            happening: wire::logged(&logged.type_name, &logged.data)?,
        });
    }
    Some(past.stop())
}

fn stamp(logged: &LoggedEvent) -> Stamp {
    Stamp {
        time: logged.time,
        sequence: logged.sequence,
        source: logged.source.clone(),
        id: logged.id.clone(),
    }
}

impl Record {
    fn rewind(&mut self, was: Was, has_ended: bool) {
        let now = std::mem::replace(&mut self.process, was.process);
        let process = &mut self.process;
        if let (Some((stamp, opening)), Some((stamp_now, opening_now))) =
            (&mut process.opening, now.opening)
            && *stamp == stamp_now
        {
            // With its `reply_to`, which is a message property.
            *opening = opening_now;
        }
        process.deadline_at = now.deadline_at;
        process.settle_at = now.settle_at.filter(|_| process.ending.is_some());
        process.ended = now.ended.filter(|_| has_ended);
        if !has_ended {
            self.sealed_at = None;
            self.unroutable_at = None;
            self.outbox = 0;
        }
        self.items = was.items;
    }

    fn list(&mut self, part: LogPart) {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.cursor = Some(part.end);
        self.logged = count(part.events.len());
        self.late = count(part.events.iter().filter(|event| event.late).count());
        self.events = part.events;
        self.events.sort_by_cached_key(stamp);
        self.events.truncate(LISTED_MAX);
    }
}

impl OrderDetails {
    fn rewind(&mut self, was: &Was, at: Timestamp, ended: Option<Timestamp>, has_ended: bool) {
        let status = &mut self.status;
        let form = was.form.fields.iter();
        status.form = form
            .map(|(id, (_, json))| (id.clone(), json.clone()))
            .collect();
        status.attachments.clone_from(&was.attachments);
        if was.process.opening.is_none() {
            status.version = None;
            self.workflow = None;
        }
        let is_open = was.process.opening.is_some();
        let count = status.stops.len();
        status.stops.retain(|stop| is_open && stop.seen_at <= at);
        // The end leaves the last stops at its own time, which may come from the producer's clock.
        let was_left = |left: &Left| has_ended || (left.seen_at <= at && Some(left.at) != ended);
        for stop in &mut status.stops {
            stop.left = stop.left.take().filter(was_left);
        }
        status
            .stops
            .sort_by(|one, other| place(one).cmp(&place(other)));
        status.stops_count -= gone(count, status.stops.len());
        let count = status.parked.len();
        status.parked.retain(|push| push.parked_at <= at);
        status.parked_count -= gone(count, status.parked.len());
    }
}

/// Sorts current stops first, then those left, the last one first.
fn place(stop: &Stop) -> impl Ord {
    let left_at = stop.left.as_ref().map(|left| left.at);
    let entered = (stop.entered_at, &stop.stage, stop.number);
    (left_at.is_some(), Reverse(left_at), entered)
}

fn gone(before: usize, after: usize) -> u64 {
    u64::try_from(before - after).unwrap_or(u64::MAX)
}
