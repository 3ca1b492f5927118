//! The rules for names, texts, counts and times, each noting a fault instead of stopping.

use std::fmt::Display;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::envelope::{AttributeOrigin, FoundAttribute};
use super::fault::{Fault, Faults};
use super::message::Limits;
use super::object::Text;
use super::reason::Reason;
use crate::wire::time;

/// Validates the values of one message and collects its faults.
#[derive(Debug)]
pub(super) struct Validator<'l> {
    pub(super) limits: &'l Limits,
    pub(super) faults: Faults,
    /// The pointer that places inside the data start with.
    pub(super) base: &'static str,
}

/// What is wrong with a value.
type Complaint = (Reason, String);

/// An event far in the future would override all others until then.
const AHEAD: &str = "is further ahead of the clock than events may be (limits.future); check the \
                     producer's clock and unit";

impl Validator<'_> {
    /// A name inside the data.
    pub(super) fn name(&mut self, at: impl Display, text: Option<Text<'_>>) -> Option<String> {
        let Text(text) = text?;
        self.note(at, check_name(&text, self.limits));
        Some(text.into_owned())
    }

    /// A text for people inside the data. Any character is allowed: the scan refuses an escaped
    /// NUL, and JSON a raw one.
    pub(super) fn text(&mut self, at: impl Display, text: Option<Text<'_>>) -> Option<String> {
        let Text(text) = text?;
        let max = self.limits.text_bytes;
        if text.len() > max {
            let detail = format!("must be at most {max} bytes long");
            self.note(at, Err((Reason::LimitExceeded, detail)));
        }
        Some(text.into_owned())
    }

    /// A count inside the data.
    pub(super) fn count(&mut self, at: impl Display, count: Option<u64>) -> Option<u64> {
        let count = count?;
        if count > Limits::COUNT_MAX {
            self.demand(at, "must be at most 2^53");
        }
        Some(count)
    }

    /// A free object inside the data, kept as its text.
    pub(super) fn object(&mut self, at: impl Display, raw: Option<&RawValue>) -> Option<String> {
        let text = raw?.get();
        if !text.starts_with('{') {
            self.demand(at, "must be an object");
        }
        Some(text.to_owned())
    }

    /// Notes that the value at a place in the data is invalid.
    pub(super) fn demand(&mut self, at: impl Display, detail: &str) {
        self.note(at, Err((Reason::InvalidField, detail.to_owned())));
    }

    /// Notes that a list or text in the data is over its limit.
    pub(super) fn exceeded(&mut self, at: impl Display, detail: String) {
        self.note(at, Err((Reason::LimitExceeded, detail)));
    }

    /// A name in the envelope.
    pub(super) fn found(&mut self, found: Option<FoundAttribute<'_>>) -> Option<String> {
        let FoundAttribute { text, place } = found?;
        if let Err((reason, detail)) = check_name(&text, self.limits) {
            self.faults.push(place.fault(reason, detail));
            return None;
        }
        Some(text.into_owned())
    }

    /// The time of the event: its own, the property's, or that of its arrival.
    pub(super) fn time(
        &mut self,
        stated: Option<&FoundAttribute<'_>>,
        seconds: Option<u64>,
        arrived: Timestamp,
    ) -> Option<Timestamp> {
        let checked = match (stated, seconds) {
            (Some(found), _) => time::parse(&found.text)
                .ok_or((found.place, time::DEMAND))
                .map(|time| (found.place, time)),
            (None, Some(seconds)) => {
                let place = AttributeOrigin::Property("timestamp");
                let time = time::from_seconds(seconds).map_err(|detail| (place, detail));
                time.map(|time| (place, time))
            }
            (None, None) => return Some(crate::clock::to_micros(arrived)),
        };
        let latest = arrived.saturating_add(self.limits.future);
        let timely = checked.and_then(|(place, time)| match latest {
            Ok(latest) if time > latest => Err((place, AHEAD)),
            _ => Ok(time),
        });
        timely
            .map_err(|(place, detail)| self.faults.push(place.fault(Reason::InvalidField, detail)))
            .ok()
    }

    fn note(&mut self, at: impl Display, checked: Result<(), Complaint>) {
        if let Err((reason, detail)) = checked {
            let pointer = format_args!("{}/{at}", self.base).to_string();
            self.faults.push(Fault::at(reason, pointer, detail));
        }
    }
}

/// A name: not blank, no control characters, not too long. Names are compared byte by byte, so
/// two Unicode forms of one word are two names.
fn check_name(text: &str, limits: &Limits) -> Result<(), Complaint> {
    if text.len() > limits.name_bytes {
        let detail = format!("must be at most {} bytes long", limits.name_bytes);
        return Err((Reason::LimitExceeded, detail));
    }
    if text.trim().is_empty() {
        return Err((Reason::InvalidField, "must not be blank".to_owned()));
    }
    if has_control(text) {
        let detail = "must not contain control characters".to_owned();
        return Err((Reason::InvalidField, detail));
    }
    Ok(())
}

/// Two passes, because nearly every name is printable ASCII and ends after the first.
fn has_control(text: &str) -> bool {
    let printable = |byte: u8| matches!(byte, b' '..=b'~');
    !text.bytes().all(printable) && text.chars().any(char::is_control)
}
