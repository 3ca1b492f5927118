//! Repetitions inside one batch: the log is asked of each identity once.

use std::collections::HashSet;

use crate::core::ProcessKey;
use crate::store::event::NewEvent;

/// The events of a batch with each identity once, and the place among those of each that came
/// first.
pub(super) fn unique<'a>(events: &[&'a NewEvent]) -> (Vec<&'a NewEvent>, Vec<Option<usize>>) {
    let mut seen = HashSet::with_capacity(events.len());
    let mut unique = Vec::with_capacity(events.len());
    let place = |event: &&'a NewEvent| {
        let first = seen.insert(identity(event));
        first.then(|| {
            unique.push(*event);
            unique.len() - 1
        })
    };
    let places = events.iter().map(place).collect();
    (unique, places)
}

fn identity(event: &NewEvent) -> (ProcessKey, &str, &str) {
    let stamp = &event.event.stamp;
    (event.key, stamp.source.as_str(), stamp.id.as_str())
}
