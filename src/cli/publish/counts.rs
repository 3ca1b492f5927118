//! The outcomes of published lines, counted.

use super::lines::LineFault;
use crate::cli::failure::Failure;

/// How many lines had each outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LineCounts {
    pub(super) confirmed: u64,
    pub(super) nacked: u64,
    pub(super) unroutable: u64,
    /// Sent, but the broker did not respond.
    pub(super) unknown: u64,
    /// Not sent, because of their faults.
    pub(super) faulty: u64,
}

impl LineCounts {
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

    /// The counts in one line, with the remedies.
    pub(super) fn summary(self) -> String {
        let mut summary = format!("confirmed {}", self.confirmed);
        for (what, count, remedy) in [
            ("not sent because of a fault", self.faulty, ""),
            ("refused by a full or unreachable queue", self.nacked, ""),
            (
                "unroutable",
                self.unroutable,
                " (no queue is bound: start `waybill run` once)",
            ),
            (
                "unconfirmed",
                self.unknown,
                " (publish again: repetitions change nothing)",
            ),
        ] {
            if count > 0 {
                summary.push_str(&format!("; {what} {count}{remedy}"));
            }
        }
        summary
    }
}

/// The outcomes of one batch.
#[derive(Debug, Default)]
pub(super) struct BatchReport {
    pub(super) counts: LineCounts,
    /// Lines that the server refused, not counted yet.
    pub(super) faults: Vec<LineFault>,
    /// Why the remaining lines were not sent.
    pub(super) failure: Option<Failure>,
}
