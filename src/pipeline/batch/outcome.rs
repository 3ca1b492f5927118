//! The outcome of one event, given its record and what is known of its identity.

use jiff::Timestamp;

use super::event::{Outcome, Place};
use super::orders::{Orders, Refused, Verdict};
use crate::domain::{Fit, Kind, Process};
use crate::store::Unreadable;
use crate::store::write::batch::Loaded;
use crate::store::write::event::{Corrections, NewEvent, Retaken};
use crate::wire;

/// Decides the outcome of an event; applies it to the walk of its order, if it has one.
pub fn outcome(
    process: &Process,
    event: &NewEvent,
    known: IdentityMatch,
    loaded: &Loaded,
    orders: &mut Orders,
) -> Result<Outcome, Refused> {
    if is_gone(process, event, loaded) {
        let before = loaded.tombstones.get(&process.key);
        return Err(match before.is_some_and(|it| it.erased_at.is_some()) {
            true => Refused::erased(),
            false => Refused::gone(),
        });
    }
    let fit = process.fit(&event.event);
    if fit == Fit::Never {
        return Err(Refused::other_kind());
    }
    match known {
        IdentityMatch::Conflict => return Err(Refused::identity_conflict()),
        IdentityMatch::Repeated => return Ok(Outcome::Duplicate),
        IdentityMatch::New(_) | IdentityMatch::Refused(_) => {}
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

/// Whether an event belongs to an earlier attempt, or comes before the opening of this one.
fn is_gone(process: &Process, event: &NewEvent, loaded: &Loaded) -> bool {
    let is_waiting = process.attempt > 1 && process.opening.is_none();
    let before = loaded.tombstones.get(&process.key);
    before.is_some_and(|before| before.covers(&event.event)) || is_waiting && !event.event.opens()
}

/// What is known of an event's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityMatch {
    /// It is new; its index among the logged events.
    New(usize),
    /// It was logged and then refused, and comes again.
    Refused(usize),
    /// It came before.
    Repeated,
    /// It came before with another content.
    Conflict,
}

impl IdentityMatch {
    /// Compares an event with the `first` one of its identity in the batch, or with that in the
    /// log.
    pub fn of(event: &NewEvent, place: Place, first: Option<&NewEvent>, loaded: &Loaded) -> Self {
        let is_same = match place {
            Place::First(place) if loaded.new.get(place) == Some(&true) => {
                return Self::New(place);
            }
            Place::First(place) => match loaded.logged.get(&place) {
                Some(logged) if logged.refused => return Self::Refused(place),
                Some(logged) => {
                    let data = logged.data.as_deref().unwrap_or(&event.data);
                    let time = event.time_given.then_some(logged.time);
                    is_same(event, &logged.type_name, time, data)
                }
                None => true,
            },
            Place::Repeat(_) => first.is_none_or(|first| {
                let both_given = event.time_given && first.time_given;
                let time = both_given.then_some(first.event.stamp.time);
                is_same(event, first.type_name, time, &first.data)
            }),
        };
        match is_same {
            true => Self::Repeated,
            false => Self::Conflict,
        }
    }

    /// The outcome of an event whose record can't be read: only the log can decide it.
    pub fn without_record(
        self,
        place: Place,
        why: Option<&Unreadable>,
    ) -> Result<Outcome, Refused> {
        match (self, place) {
            (Self::Repeated, Place::First(_)) => Ok(Outcome::Duplicate),
            (Self::Conflict, Place::First(_)) => Err(Refused::identity_conflict()),
            _ => Err(why.map_or_else(Refused::other_kind, Refused::unreadable)),
        }
    }

    /// Adds what to correct in the log, given the event's outcome.
    pub fn correct(
        self,
        corrections: &mut Corrections,
        event: &NewEvent,
        verdict: &Result<Outcome, Refused>,
    ) {
        match (self, verdict) {
            (Self::New(place), Ok(Outcome::Late)) => corrections.late.push(place),
            (Self::New(place), Err(_)) => corrections.misplaced.push(place),
            (Self::Refused(place), Ok(outcome)) => corrections.retaken.push(Retaken {
                key: event.key,
                source: event.event.stamp.source.clone(),
                id: event.event.stamp.id.clone(),
                place,
                late: *outcome == Outcome::Late,
            }),
            (Self::New(_), Ok(_)) | (Self::Refused(_), Err(_)) => {}
            (Self::Repeated | Self::Conflict, _) => {}
        }
    }
}

/// Whether an event equals the first one of its identity; times are compared only if both have one.
fn is_same(event: &NewEvent, type_name: &str, time: Option<Timestamp>, data: &str) -> bool {
    event.type_name == type_name
        && time.is_none_or(|time| time == event.event.stamp.time)
        && wire::same_json(&event.data, data)
}
