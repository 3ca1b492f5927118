//! What becomes of one event, given its record and what is known of its identity.

use super::decide::Outcome;
use super::identity::Known;
use super::orders::{Orders, Refused, Verdict};
use crate::domain::{Fit, Kind, Process};
use crate::store::write::batch::Loaded;
use crate::store::write::event::NewEvent;

/// Applies an event to the walk of its order, where it is one; says what becomes of it.
pub fn outcome(
    process: &Process,
    event: &NewEvent,
    known: Known,
    loaded: &Loaded,
    orders: &mut Orders,
) -> Result<Outcome, Refused> {
    if is_gone(process, event, loaded) {
        return Err(Refused::gone());
    }
    let fit = process.fit(&event.event);
    if fit == Fit::Never {
        return Err(Refused::other_kind());
    }
    match known {
        Known::Conflict => return Err(Refused::identity_conflict()),
        Known::Repeated => return Ok(Outcome::Duplicate),
        Known::New(_) | Known::Refused(_) => {}
    }
    if process.ended.is_some() {
        return Ok(Outcome::Late);
    }
    if fit == Fit::Waits {
        return Ok(Outcome::Parked);
    }
    if event.event.kind == Kind::Upload {
        return Ok(Outcome::Applied);
    }
    match orders.apply(&event.event, process, loaded.now) {
        Verdict::Applied => Ok(Outcome::Applied),
        Verdict::Parked => Ok(Outcome::Parked),
        Verdict::Refused(refused) => Err(refused),
    }
}

/// Whether an event belongs to an attempt before, or comes before the opening of this one.
fn is_gone(process: &Process, event: &NewEvent, loaded: &Loaded) -> bool {
    let is_waiting = process.attempt > 1 && process.opening.is_none();
    let before = loaded.tombstones.get(&process.key);
    before.is_some_and(|before| before.covers(&event.event)) || is_waiting && !event.event.opens()
}
