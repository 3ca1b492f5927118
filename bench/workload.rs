//! The events of a run: the same for the same numbers, so that every engine can know them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use waybill::broker::{Outgoing, topology};
use waybill::core::Status;

/// Who the events come from.
pub(crate) const SOURCE: &str = "bench";
/// Events of one process.
pub(crate) const EVENTS: u32 = 10;
/// Bytes of every body.
pub(crate) const BODY_BYTES: usize = 512;
/// Of so many messages one is sent again.
const REPEATED_ONE_IN: u64 = 100;
/// A repetition comes at most so many messages after the first.
const REPEATED_WITHIN: u64 = 3_000;

/// What a run consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Workload {
    /// How many processes.
    pub(crate) processes: u32,
    /// How many of them are under way at a time.
    pub(crate) open: u32,
}

/// One event of one process, in the order of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which process.
    pub(crate) process: u32,
    /// Which of its events.
    pub(crate) sequence: u32,
}

/// How a process must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) status: Status,
    pub(crate) done: u64,
    pub(crate) total: u64,
    pub(crate) failed: u64,
}

impl Workload {
    /// How many different events there are.
    pub(crate) fn events(self) -> usize {
        self.processes as usize * EVENTS as usize
    }

    /// Every message in the order of sending, repetitions included; the last one ends a process.
    pub(crate) fn order(self) -> Vec<Place> {
        let mut dice = Dice(0x5eed);
        let mut under_way = UnderWay::new(self);
        let mut order = Vec::with_capacity(self.events() + self.events() / 50);
        let mut again: BTreeMap<u64, Vec<Place>> = BTreeMap::new();
        while let Some(place) = under_way.next(&mut dice) {
            let now = order.len() as u64;
            if dice.below(REPEATED_ONE_IN) == 0 {
                let later = now + 1 + dice.below(REPEATED_WITHIN);
                again.entry(later).or_default().push(place);
            }
            let due = |again: &BTreeMap<u64, Vec<Place>>| {
                again.keys().next().is_some_and(|due| *due <= now)
            };
            while due(&again) {
                order.extend(again.pop_first().into_iter().flat_map(|(_, places)| places));
            }
            order.push(place);
        }
        let last = order.pop();
        let left = again.into_values().flatten();
        order.extend(left.filter(|place| Some(*place) != last));
        order.extend(last);
        order
    }
}

/// The processes that have begun and not ended, each with its next event.
struct UnderWay {
    next: Vec<Place>,
    begun: u32,
    all: u32,
}

impl UnderWay {
    fn new(workload: Workload) -> Self {
        let begun = workload.open.min(workload.processes);
        let first = |process| Place {
            process,
            sequence: 0,
        };
        Self {
            next: (0..begun).map(first).collect(),
            begun,
            all: workload.processes,
        }
    }

    /// The next event of any of them.
    fn next(&mut self, dice: &mut Dice) -> Option<Place> {
        let chosen = dice.below(self.next.len().max(1) as u64) as usize;
        let next = self.next.get_mut(chosen)?;
        let place = *next;
        next.sequence += 1;
        if next.sequence == EVENTS {
            self.next.swap_remove(chosen);
            if self.begun < self.all {
                self.next.push(Place {
                    process: self.begun,
                    sequence: 0,
                });
                self.begun += 1;
            }
        }
        Some(place)
    }
}

impl Place {
    /// The name of its process.
    pub(crate) fn token(self) -> String {
        token(self.process)
    }

    /// The message, as any producer would send it.
    pub(crate) fn message(self, time: Timestamp) -> Outgoing {
        let token = self.token();
        let id = format!("{token}-{}", self.sequence);
        let (type_, data) = self.happening();
        let head = format!(
            r#"{{"id":"{id}","type":"{type_}","token":"{token}","time":"{time:.6}","source":"{SOURCE}","sequence":{},"data":{{{data},"note":""#,
            self.sequence
        );
        let tail = r#""}}"#;
        let note = BODY_BYTES.saturating_sub(head.len() + tail.len());
        let body = format!("{head}{}{tail}", "n".repeat(note)).into_bytes();
        let mut message = Outgoing::new(topology::EVENTS_EXCHANGE, type_, &id, body);
        message.properties.app_id = None;
        message.properties.correlation_id = Some(token);
        message.properties.content_type = Some("application/json".to_owned());
        message
    }

    /// Its type and the fields of its data. Even processes report items, odd ones only progress.
    fn happening(self) -> (&'static str, String) {
        let Self { process, sequence } = self;
        let total = expected(process).total;
        let items = process.is_multiple_of(2);
        match (items, sequence) {
            (_, 0) => (
                "upload.received",
                format!(
                    r#""filename":"scan-{process}.pdf","module":"scanner","workflow_id":"intake","total":{total},"attributes":{{"desk":{}}}"#,
                    process % 7
                ),
            ),
            (_, 9) => ("upload.completed", format!(r#""total":{total}"#)),
            (true, 2) => ("upload.progress", format!(r#""done":0,"total":{total}"#)),
            (true, 3 | 5 | 7) => ("upload.items", items_of(process, sequence)),
            (false, 2 | 4 | 5 | 7 | 8) => {
                let done = match sequence {
                    2 => 1,
                    4 => 2,
                    5 => 3,
                    7 => 4,
                    _ => 5,
                };
                (
                    "upload.progress",
                    format!(r#""done":{done},"total":{total}"#),
                )
            }
            _ => (
                "upload.step",
                format!(
                    r#""name":"classification","message":"page {sequence} of {process}","state":"done""#
                ),
            ),
        }
    }
}

/// The name of the `n`-th process.
pub(crate) fn token(process: u32) -> String {
    // Looks like the random ids of real systems, and scatters in every index like them.
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &process.to_be_bytes()).to_string()
}

/// How the `n`-th process must end.
pub(crate) fn expected(process: u32) -> Expected {
    let items = process.is_multiple_of(2);
    let failed = u64::from(process.is_multiple_of(10));
    let total = if items { 6 } else { 5 };
    let status = if failed > 0 {
        Status::Warning
    } else {
        Status::Done
    };
    Expected {
        status,
        done: total,
        total,
        failed,
    }
}

/// When the events of a closed run happened: long before, in order.
pub(crate) fn time_of(position: usize) -> Timestamp {
    let position = i64::try_from(position).unwrap_or(i64::MAX);
    let start = Timestamp::constant(1_790_000_000, 0);
    start
        .saturating_add(SignedDuration::from_micros(position.saturating_mul(20)))
        .unwrap_or(start)
}

fn items_of(process: u32, sequence: u32) -> String {
    let first = sequence - 2;
    let item = |n: u32| {
        if process.is_multiple_of(10) && n == 1 {
            format!(r#"{{"identifier":"page-{n}","ok":false,"messages":["upside down"]}}"#)
        } else {
            format!(r#"{{"identifier":"page-{n}","ok":true,"document_id":"doc-{process}-{n}"}}"#)
        }
    };
    format!(r#""items":[{},{}]"#, item(first), item(first + 1))
}

/// Numbers that look random and are always the same (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}
