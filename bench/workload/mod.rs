//! The events of a run: the same for the same numbers, so that every engine can know them.
//! What happens to one process is in `upload` and `order`.

pub(crate) mod order;
pub(crate) mod upload;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use waybill::broker::{Outgoing, topology};
use waybill::domain::{Kind, Status};

/// The source of the events.
pub(crate) const SOURCE: &str = "bench";
/// Bytes of every body.
pub(crate) const BODY_BYTES: usize = 512;
/// One of this many messages is sent again.
const REPEATED_ONE_IN: u64 = 100;
/// A duplicate is sent at most this many messages after the first.
const REPEATED_WITHIN: u64 = 3_000;

/// The workload of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Workload {
    /// The kind of the processes.
    pub(crate) kind: Kind,
    /// How many there are.
    pub(crate) processes: u32,
    /// How many of them are under way at a time.
    pub(crate) open: u32,
}

/// One event of one process, in the order of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// What the process is.
    pub(crate) kind: Kind,
    /// Which process.
    pub(crate) process: u32,
    /// Which of its events.
    pub(crate) sequence: u32,
    /// Its first position in the order of sending: a duplicate has the time of the first.
    pub(crate) position: usize,
}

/// The expected end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) status: Status,
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
    pub(crate) failed: u64,
}

impl Workload {
    /// Uploads with `rate` events per second for a number of seconds.
    pub(crate) fn of_rate(rate: u32, seconds: u32) -> Self {
        Self {
            kind: Kind::Upload,
            processes: rate * seconds / upload::EVENTS,
            open: 500,
        }
    }

    /// How many different events there are.
    pub(crate) fn events(self) -> usize {
        self.processes as usize * events_of(self.kind) as usize
    }

    /// How the `n`-th process must end.
    pub(crate) fn expected(self, process: u32) -> Expected {
        match self.kind {
            Kind::Upload => upload::expected(process),
            Kind::Order => order::expected(),
        }
    }

    /// Every message in the order of sending, including duplicates; the last one ends a process.
    pub(crate) fn order(self) -> Vec<Place> {
        let mut dice = Dice(0x5eed);
        let mut under_way = UnderWay::new(self);
        let mut order = Vec::with_capacity(self.events() + self.events() / 50);
        let mut again: BTreeMap<u64, Vec<Place>> = BTreeMap::new();
        while let Some(mut place) = under_way.next(&mut dice) {
            let now = order.len() as u64;
            let due = |again: &BTreeMap<u64, Vec<Place>>| {
                again.keys().next().is_some_and(|due| *due <= now)
            };
            while due(&again) {
                order.extend(again.pop_first().into_iter().flat_map(|(_, places)| places));
            }
            place.position = order.len();
            if dice.below(REPEATED_ONE_IN) == 0 {
                let later = now + 1 + dice.below(REPEATED_WITHIN);
                again.entry(later).or_default().push(place);
            }
            order.push(place);
        }
        let last = order.pop();
        let left = again.into_values().flatten();
        order.extend(left.filter(|place| Some(*place) != last));
        order.extend(last);
        order
    }

    fn first(self, process: u32) -> Place {
        Place {
            kind: self.kind,
            process,
            sequence: 0,
            position: 0,
        }
    }
}

/// The processes that have begun and not ended, each with its next event.
struct UnderWay {
    next: Vec<Place>,
    begun: u32,
    workload: Workload,
}

impl UnderWay {
    fn new(workload: Workload) -> Self {
        let begun = workload.open.min(workload.processes);
        Self {
            next: (0..begun).map(|n| workload.first(n)).collect(),
            begun,
            workload,
        }
    }

    /// The next event of any of them.
    fn next(&mut self, dice: &mut Dice) -> Option<Place> {
        let chosen = dice.below(self.next.len().max(1) as u64) as usize;
        let next = self.next.get_mut(chosen)?;
        let place = *next;
        next.sequence += 1;
        if place.is_last() {
            self.next.swap_remove(chosen);
            if self.begun < self.workload.processes {
                self.next.push(self.workload.first(self.begun));
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

    /// Whether it is the last one of its process.
    pub(crate) fn is_last(self) -> bool {
        self.sequence + 1 == events_of(self.kind)
    }

    /// The message, as any producer would send it.
    pub(crate) fn message(self, time: Timestamp) -> Outgoing {
        let token = self.token();
        let id = format!("{token}-{}", self.sequence);
        let (type_, data) = match self.kind {
            Kind::Upload => upload::happening(self.process, self.sequence),
            Kind::Order => order::happening(self.process, self.sequence),
        };
        let sequence = match self.kind {
            Kind::Upload => format!(r#""sequence":{},"#, self.sequence),
            // The pushes of an order come from several systems, which have no common sequence.
            Kind::Order => String::new(),
        };
        let head = format!(
            r#"{{"id":"{id}","type":"{type_}","token":"{token}","time":"{time:.6}","source":"{SOURCE}",{sequence}"data":{{{data},"note":""#
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
}

/// The name of the `n`-th process.
pub(crate) fn token(process: u32) -> String {
    // Looks like the random ids of real systems, and scatters in every index like them.
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &process.to_be_bytes()).to_string()
}

/// When the events of a closed run happened: long before, in order.
pub(crate) fn time_of(position: usize) -> Timestamp {
    let position = i64::try_from(position).unwrap_or(i64::MAX);
    let start = Timestamp::constant(1_790_000_000, 0);
    start
        .saturating_add(SignedDuration::from_micros(position.saturating_mul(20)))
        .unwrap_or(start)
}

/// How many events a process has.
pub(crate) const fn events_of(kind: Kind) -> u32 {
    match kind {
        Kind::Upload => upload::EVENTS,
        Kind::Order => order::EVENTS,
    }
}

/// Numbers that look random and are always the same (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}
