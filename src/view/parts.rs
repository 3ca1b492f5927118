//! The parts of a process that can be requested in addition to its record.

use std::collections::BTreeSet;
use std::str::FromStr;

named! {
    /// A part that is read and sent only on request, with its name in a request.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Part {
        /// Its history.
        Steps = "steps",
        /// Its items.
        Items = "items",
        /// Its failed items only.
        Errors = "errors",
        /// The current and past stages of an order.
        Stages = "stages",
        /// Its event log.
        Events = "events",
        /// Its late events.
        Late = "late",
        /// The producers' own fields of items and events.
        Data = "data",
        /// The counts of events and items, and the cursor of its newest event.
        Counts = "counts",
    }
}

/// A set of parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts(BTreeSet<Part>);

impl Part {
    /// The valid names, for an error message.
    #[must_use]
    pub fn choice() -> String {
        format!("names out of {}", Self::ALL.map(Self::name).join(", "))
    }
}

impl Parts {
    /// These parts.
    #[must_use]
    pub fn of(parts: &[Part]) -> Self {
        Self(parts.iter().copied().collect())
    }

    /// The parts of these names; `None` if a name is unknown.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let parts: Option<BTreeSet<Part>> = names.into_iter().map(Part::from_name).collect();
        parts.map(Self)
    }

    /// Whether a part is requested.
    #[must_use]
    pub fn has(&self, part: Part) -> bool {
        self.0.contains(&part)
    }

    /// Whether counts are requested: with every list, since it may be truncated.
    #[must_use]
    pub fn counts(&self) -> bool {
        let lists = [
            Part::Steps,
            Part::Items,
            Part::Errors,
            Part::Events,
            Part::Late,
        ];
        self.has(Part::Counts) || self.has_any(&lists)
    }

    /// Whether one of these is requested.
    #[must_use]
    pub fn has_any(&self, parts: &[Part]) -> bool {
        parts.iter().any(|part| self.has(*part))
    }
}

impl FromStr for Parts {
    /// The valid names.
    type Err = String;

    /// Comma-separated names; an empty text is no part.
    fn from_str(text: &str) -> Result<Self, String> {
        let names = text.split(',').filter(|name| !name.is_empty());
        Self::named(names).ok_or_else(|| format!("must be {}, separated by commas", Part::choice()))
    }
}

/// How many events and how many items of one process are shown; `counts` has the totals.
pub const LISTED_MAX: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_by_name_and_an_error_lists_the_valid_names() {
        let parts: Parts = "items,data".parse().unwrap();
        assert_eq!(parts, Parts::of(&[Part::Data, Part::Items]));
        assert_eq!("".parse::<Parts>().unwrap(), Parts::default());
        let wrong = "items, data".parse::<Parts>().unwrap_err();
        assert!(wrong.contains("steps, items, errors, stages, events, late, data, counts"));
    }
}
