//! Repetitions inside one batch: the log is asked of each identity once.

use std::collections::HashMap;

use crate::domain::ProcessKey;
use crate::store::write::event::NewEvent;

/// Where an event of a batch is among those of each identity that came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is that one.
    First(usize),
    /// It has the identity of that one.
    Repeat(usize),
}

/// The events of a batch with each identity once, and the place of each event.
pub fn unique<'a>(events: &[&'a NewEvent]) -> (Vec<&'a NewEvent>, Vec<Place>) {
    let mut seen = HashMap::with_capacity(events.len());
    let mut unique = Vec::with_capacity(events.len());
    let place = |event: &&'a NewEvent| {
        let next = unique.len();
        let first = *seen.entry(identity(event)).or_insert(next);
        if first < next {
            return Place::Repeat(first);
        }
        unique.push(*event);
        Place::First(next)
    };
    let places = events.iter().map(place).collect();
    (unique, places)
}

fn identity(event: &NewEvent) -> (ProcessKey, &str, &str) {
    let stamp = &event.event.stamp;
    (event.key, stamp.source.as_str(), stamp.id.as_str())
}
