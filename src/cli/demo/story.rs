//! The uploads of the demo: what happens to one upload, told as events, and how it must end.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::Status;
use crate::wire::PlainEvent;

/// Who the samples come from.
pub(super) const SOURCE: &str = "waybill-demo";

const FILES: [&str; 8] = [
    "invoices-march.pdf",
    "contract-0815.pdf",
    "scan_20261121.tiff",
    "payroll.csv",
    "delivery notes.zip",
    "site-plan.dwg",
    "receipts.pdf",
    "personnel.xml",
];
const STEPS: [&str; 4] = [
    "virus scan",
    "text recognition",
    "classification",
    "archive",
];

/// What a sample shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plot {
    /// Everything succeeds.
    Good,
    /// Some items fail.
    Partial,
    /// The whole upload fails.
    Failing,
    /// Every event is sent twice.
    Repeated,
    /// The events arrive in reverse.
    Reversed,
    /// It is given up.
    Cancelled,
    /// Progress without items.
    Counting,
}

impl Plot {
    /// Every plot, in the order they are told.
    pub(super) const ALL: [Self; 7] = [
        Self::Good,
        Self::Partial,
        Self::Failing,
        Self::Repeated,
        Self::Reversed,
        Self::Counting,
        Self::Cancelled,
    ];

    /// How it must end.
    pub(super) const fn ends(self) -> Status {
        match self {
            Self::Good | Self::Repeated | Self::Reversed | Self::Counting => Status::Done,
            Self::Partial => Status::Warning,
            Self::Failing => Status::Error,
            Self::Cancelled => Status::Cancelled,
        }
    }
}

/// One sample.
#[derive(Debug)]
pub(super) struct Story {
    /// The token of its process.
    pub(super) token: String,
    /// How it must end.
    pub(super) ends: Status,
    /// Its events in the order they are sent.
    pub(super) events: Vec<PlainEvent>,
    /// How many of them can't be applied.
    pub(super) bad: usize,
}

/// The `n`-th sample, beginning now.
pub(super) fn story(n: usize, now: Timestamp) -> Story {
    let plot = nth(&Plot::ALL, n);
    let mut teller = Teller::new(now);
    let items = 2 + (n * 7) % 4;
    let ends_with = teller.tell(plot, n, items);
    let sequence = teller.told.len() as u64;
    teller.event(ends_with.0, ends_with.1, sequence);
    match plot {
        Plot::Reversed => teller.told.reverse(),
        Plot::Repeated => {
            let told = std::mem::take(&mut teller.told);
            teller.told = told.into_iter().flat_map(|e| [e.clone(), e]).collect();
        }
        Plot::Good | Plot::Partial | Plot::Failing | Plot::Cancelled | Plot::Counting => {}
    }
    teller.ends(plot.ends())
}

/// Who tells one sample, event by event.
pub(super) struct Teller {
    token: String,
    now: Timestamp,
    told: Vec<PlainEvent>,
    bad: usize,
}

impl Teller {
    /// Of a process with a new token.
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            token: Uuid::new_v4().to_string(),
            now,
            told: Vec::new(),
            bad: 0,
        }
    }

    /// What was told, as a sample that must end like that.
    pub(super) fn ends(self, ends: Status) -> Story {
        Story {
            token: self.token,
            ends,
            events: self.told,
            bad: self.bad,
        }
    }

    /// An event that can't be applied. It is not counted, or the end would wait for it.
    pub(super) fn bad(&mut self, type_: &str, data: Value) {
        let before = self.told.len();
        self.next(type_, data);
        if let Some(event) = self.told.get_mut(before) {
            event.id = format!("{}-bad", self.token);
            event.sequence = None;
        }
        self.bad += 1;
    }

    /// Tells all but the ending, which is returned.
    fn tell(&mut self, plot: Plot, n: usize, items: usize) -> (&'static str, Value) {
        let opening = json!({
            "filename": nth(&FILES, n),
            "module": "scanner",
            "workflow_id": "intake",
            "total": items,
            "attributes": { "desk": n % 5 },
        });
        self.next("upload.received", opening);
        for (index, step) in STEPS.iter().take(2 + n % 3).enumerate() {
            let stuck = plot == Plot::Failing && index == 1;
            let state = if stuck { "error" } else { "done" };
            self.next(
                "upload.step",
                json!({ "name": step, "message": format!("{step}: page by page"), "state": state }),
            );
        }
        match plot {
            Plot::Failing => (
                "upload.failed",
                json!({ "message": "the file is encrypted", "code": "unreadable" }),
            ),
            Plot::Cancelled => (
                "upload.cancelled",
                json!({ "reason": "sent again by its author" }),
            ),
            Plot::Counting => {
                for done in 1..=items {
                    self.next("upload.progress", json!({ "done": done, "total": items }));
                }
                ("upload.completed", json!({ "total": items }))
            }
            Plot::Good | Plot::Partial | Plot::Repeated | Plot::Reversed => {
                for item in 0..items {
                    let failed = plot == Plot::Partial && item == 0;
                    self.next("upload.items", json!({ "items": [one_item(item, failed)] }));
                }
                ("upload.completed", json!({ "total": items }))
            }
        }
    }

    /// One more event.
    pub(super) fn next(&mut self, type_: &str, data: Value) {
        let sequence = (self.told.len() - self.bad) as u64;
        self.event(type_, data, sequence);
    }

    fn event(&mut self, type_: &str, data: Value, sequence: u64) {
        let later = SignedDuration::from_millis(i64::try_from(sequence).unwrap_or(0) * 40);
        let time = self.now.saturating_add(later).unwrap_or(self.now);
        self.told.push(PlainEvent {
            id: format!("{}-{sequence}", self.token),
            sequence: Some(sequence),
            ..PlainEvent::new(SOURCE, type_, &self.token, time, data)
        });
    }
}

fn one_item(item: usize, failed: bool) -> Value {
    let identifier = format!("page-{}", item + 1);
    if failed {
        return json!({ "identifier": identifier, "ok": false, "messages": ["the page is upside down"] });
    }
    json!({ "identifier": identifier, "ok": true, "document_id": format!("doc-{item}") })
}

#[expect(
    clippy::indexing_slicing,
    reason = "a remainder of its length is in range"
)]
pub(super) fn nth<T: Copy, const N: usize>(of: &[T; N], n: usize) -> T {
    of[n % N]
}
