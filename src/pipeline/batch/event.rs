//! One event of a batch: where its identity came first, and its outcome.

use std::collections::HashMap;

use super::orders::Refused;
use crate::domain::ProcessKey;
use crate::store::write::event::NewEvent;

/// The outcome of an event that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It changed its process, or is a line of its history.
    Applied,
    /// Its identity was known.
    Duplicate,
    /// Its process had ended.
    Late,
    /// It waits until its order reaches a stop, or until the kind of its process is decided.
    Parked,
}

/// Where the identity of an event came first in its batch: each identity is logged once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Here; its index among the logged events.
    First(usize),
    /// Earlier; the index of the first one in the batch.
    Repeat(usize),
}

/// An event of a batch.
#[derive(Debug)]
pub struct BatchEvent {
    /// The event as it is logged.
    pub new: NewEvent,
    /// Whether its producer waits for a reply with the derived token.
    pub token_requested: bool,
    /// Where its identity came first.
    pub place: Place,
    /// Its outcome, or why it can't be applied; `Duplicate` until it is merged.
    pub outcome: Result<Outcome, Refused>,
    /// Whether it is kept as a dead letter to be: whether it can be applied is decided later.
    pub is_kept: bool,
}

impl BatchEvent {
    /// An event that was received.
    #[must_use]
    pub fn new(new: NewEvent, token_requested: bool) -> Self {
        Self {
            new,
            token_requested,
            place: Place::First(0),
            outcome: Ok(Outcome::Duplicate),
            is_kept: false,
        }
    }
}

/// Sets the place of each event.
pub fn find_repetitions(events: &mut [&mut BatchEvent]) {
    let mut firsts = HashMap::with_capacity(events.len());
    let mut places = Vec::with_capacity(events.len());
    for (at, event) in events.iter().enumerate() {
        let next = firsts.len();
        let (first, logged) = *firsts.entry(identity(&event.new)).or_insert((at, next));
        places.push(match first == at {
            true => Place::First(logged),
            false => Place::Repeat(first),
        });
    }
    for (event, place) in events.iter_mut().zip(places) {
        event.place = place;
    }
}

/// Each identity once, in the order of their places.
pub fn firsts<'a>(events: &'a [&mut BatchEvent]) -> Vec<&'a NewEvent> {
    let firsts = events.iter();
    let firsts = firsts.filter(|event| matches!(event.place, Place::First(_)));
    firsts.map(|event| &event.new).collect()
}

fn identity(event: &NewEvent) -> (ProcessKey, &str, &str) {
    let stamp = &event.event.stamp;
    (event.key, &stamp.source, &stamp.id)
}
