//! What became of lines, in numbers and in words.

use super::lines::LineFault;
use crate::cli::failure::Failure;

/// What became of the lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) confirmed: u64,
    pub(super) nacked: u64,
    pub(super) unroutable: u64,
    /// Sent, and the broker fell silent.
    pub(super) unknown: u64,
    /// Left out for their faults.
    pub(super) faulty: u64,
}

impl Counts {
    pub(super) fn all_confirmed(self) -> bool {
        let confirmed = self.confirmed;
        self == Self {
            confirmed,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, more: Self) {
        self.confirmed += more.confirmed;
        self.nacked += more.nacked;
        self.unroutable += more.unroutable;
        self.unknown += more.unknown;
        self.faulty += more.faulty;
    }

    pub(super) fn words(self) -> String {
        let mut words = format!("confirmed {}", self.confirmed);
        for (what, count, remedy) in [
            ("left out for a fault", self.faulty, ""),
            ("refused by a full or unreachable queue", self.nacked, ""),
            (
                "unroutable",
                self.unroutable,
                " (has `waybill run` ever started?)",
            ),
            (
                "unconfirmed",
                self.unknown,
                " (publish again: repetitions change nothing)",
            ),
        ] {
            if count > 0 {
                words.push_str(&format!("; {what} {count}{remedy}"));
            }
        }
        words
    }
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct BatchReport {
    pub(super) counts: Counts,
    /// Lines that were refused, and are not counted yet.
    pub(super) faults: Vec<LineFault>,
    /// Why the rest was not sent.
    pub(super) failure: Option<Failure>,
}
