//! The filter of a list, and the index that finds its processes.

use jiff::Timestamp;
use uuid::Uuid;

use super::list_cursor::{ListCursor, Sort};
use crate::domain::{Kind, Status};

/// Time and key below which a page begins; `None` for the newest.
pub(super) type Bound = (Option<Timestamp>, Option<Uuid>);

/// The filter of a list: a process has to match every given field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Uploads, or orders.
    pub kind: Option<Kind>,
    /// In one of these; empty for all.
    pub statuses: Vec<Status>,
    /// Of this workflow.
    pub workflow: Option<String>,
    /// Orders that are at this stage.
    pub stage: Option<String>,
    /// Of this group.
    pub group: Option<String>,
    /// Of this module.
    pub module: Option<String>,
    /// Opened by this producer.
    pub source: Option<String>,
    /// With this in the name of the file, ignoring case.
    pub filename: Option<String>,
    /// When they were opened.
    pub opened: TimeRange,
    /// When they ended.
    pub ended: TimeRange,
}

/// A range of times, open where a bound is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// From this time on.
    pub after: Option<Timestamp>,
    /// Before this time.
    pub before: Option<Timestamp>,
}

impl Selection {
    /// The sort of its list. A group is small among all processes, so it comes first; a range of
    /// times bounds the index scan.
    #[must_use]
    pub fn sort(&self) -> Sort {
        if self.group.is_some() {
            Sort::Group
        } else if self.ended != TimeRange::default() {
            Sort::Ended
        } else if self.opened != TimeRange::default() {
            Sort::Opened
        } else {
            Sort::Created
        }
    }

    /// Where a page begins: at the cursor, or at the end of the range if that is earlier. With two
    /// bounds in the statement the index scan would begin at the later one.
    pub(super) fn bound(&self, after: Option<ListCursor>) -> Bound {
        let end = match self.sort() {
            Sort::Opened => self.opened.before,
            Sort::Ended => self.ended.before,
            Sort::Created | Sort::Group => None,
        };
        let end = end.map(|before| (before, Uuid::nil()));
        let after = after.map(|place| (place.at, place.key.0));
        after.into_iter().chain(end).min().unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ProcessKey;

    #[test]
    fn a_page_begins_at_its_place_or_at_the_end_of_the_range_whichever_comes_first() {
        let time = |text: &str| Some(text.parse().unwrap());
        let mut selection = Selection::default();
        selection.opened.before = time("2026-01-02T00:00:00Z");
        let end = (selection.opened.before, Some(Uuid::nil()));
        assert_eq!(selection.bound(None), end);
        for (at, comes_first) in [
            ("2026-01-01T00:00:00Z", true),
            ("2026-01-03T00:00:00Z", false),
        ] {
            let (sort, key) = (Sort::Opened, ProcessKey(Uuid::max()));
            let at: Timestamp = at.parse().unwrap();
            let place = (Some(at), Some(key.0));
            let bound = selection.bound(Some(ListCursor { sort, at, key }));
            assert_eq!(bound, if comes_first { place } else { end });
        }
        selection.group = Some(String::new());
        assert_eq!(selection.bound(None), (None, None));
    }
}
