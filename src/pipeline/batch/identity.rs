//! What is known of an event's identity, and what that means for the log.

use jiff::Timestamp;

use super::decide::Outcome;
use super::dedup::Place;
use super::orders::Refused;
use crate::store::Unreadable;
use crate::store::write::batch::Loaded;
use crate::store::write::event::{Corrections, NewEvent, Retaken};
use crate::wire;

/// What is known of an event's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It is new, at this place of what was logged.
    New(usize),
    /// It was refused after it had been logged, and comes again.
    Refused(usize),
    /// It came before.
    Repeated,
    /// It came before with another content.
    Conflict,
}

impl Known {
    /// Compares an event with the first one of its identity in the batch, or with that in the log.
    pub fn of(event: &NewEvent, place: Place, firsts: &[&NewEvent], loaded: &Loaded) -> Self {
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
            Place::Repeat(place) => firsts.get(place).is_none_or(|first| {
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

    /// What becomes of the event where its record can't be read: only what the log has is known.
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

    /// What to put right in the log once it is decided what becomes of the event.
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

/// Whether an event says what the first one of its identity said; a time counts where it was given.
fn is_same(event: &NewEvent, type_name: &str, time: Option<Timestamp>, data: &str) -> bool {
    event.type_name == type_name
        && time.is_none_or(|time| time == event.event.stamp.time)
        && wire::same_json(&event.data, data)
}
