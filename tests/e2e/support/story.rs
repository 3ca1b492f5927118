//! The events of sample uploads: many shapes, always the same for the same number. The record
//! depends only on the set of its events.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use waybill::wire::PlainEvent;

/// In every text that a producer writes; it may appear only in the database and on the wire.
pub(crate) const MARK: &str = "zqx-private-words";
/// In every token.
pub(crate) const TOKEN_MARK: &str = "zqx-token";
/// The source of all events.
pub(crate) const SOURCE: &str = "e2e";

/// The events of `count` uploads; tokens of different tags differ.
pub(crate) fn stories(tag: &str, count: usize) -> Vec<PlainEvent> {
    (0..count).flat_map(|n| story(tag, n)).collect()
}

/// The events of one upload.
pub(crate) fn story(tag: &str, n: usize) -> Vec<PlainEvent> {
    let mut upload = UploadEvents::new(&format!("{TOKEN_MARK}-{tag}-{n}"), n);
    let items = 2 + n % 4;
    match n % 7 {
        0 => upload.items(items, &[]),
        1 => upload.items(items, &[0]),
        2 => upload.failed(),
        3 => upload.cancelled(),
        4 => upload.counted(items),
        5 => upload.unsequenced(items),
        _ => upload.opened_twice(items),
    }
    upload.events
}

/// One long upload: `items` single items, some of them twice with another outcome.
pub(crate) fn long_story(tag: &str, items: usize) -> Vec<PlainEvent> {
    let mut upload = UploadEvents::new(&format!("{TOKEN_MARK}-{tag}"), 0);
    let failing: Vec<usize> = (0..items).filter(|n| n % 10 == 3).collect();
    upload.items(items, &failing);
    upload.events
}

/// One step, which ends nothing.
pub(crate) fn step(token: &str, id: &str) -> PlainEvent {
    event(token, id, 0, "upload.step", json!({ "message": MARK }))
}

/// One event, this many seconds after the stories begin.
pub(crate) fn event(token: &str, id: &str, second: i64, type_: &str, data: Value) -> PlainEvent {
    let time = Timestamp::from_second(1_769_860_800 + second).expect("a time");
    PlainEvent {
        id: id.to_owned(),
        ..PlainEvent::new(SOURCE, type_, token, time, data)
    }
}

/// The same events in another order, always the same for the same seed.
pub(crate) fn shuffled<T>(mut events: Vec<T>, seed: u64) -> Vec<T> {
    let mut state = seed;
    for last in (1..events.len()).rev() {
        let at = usize::try_from(random(&mut state) % (last as u64 + 1)).expect("it is small");
        events.swap(last, at);
    }
    events
}

/// Each `every`-th event twice.
pub(crate) fn repeated<T: Clone>(events: Vec<T>, every: usize) -> Vec<T> {
    let copies = |(n, event): (usize, T)| {
        let count = if n.is_multiple_of(every) { 2 } else { 1 };
        std::iter::repeat_n(event, count)
    };
    events.into_iter().enumerate().flat_map(copies).collect()
}

/// SplitMix64.
pub(crate) fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

struct UploadEvents {
    token: String,
    start: Timestamp,
    events: Vec<PlainEvent>,
}

impl UploadEvents {
    fn new(token: &str, n: usize) -> Self {
        let start: Timestamp = "2026-01-31T12:00:00Z".parse().expect("a time");
        let later = SignedDuration::from_secs(i64::try_from(n).expect("few"));
        Self {
            token: token.to_owned(),
            start: start.saturating_add(later).expect("in range"),
            events: Vec::new(),
        }
    }

    /// Every item once, then those of `repaired` again with a better outcome, then one that fails.
    fn items(&mut self, items: usize, repaired: &[usize]) {
        self.open(items);
        self.next(
            "upload.step",
            json!({ "name": "scan", "message": MARK, "state": "done" }),
        );
        for item in 0..items {
            self.next(
                "upload.items",
                json!({ "items": [item_of(item, !repaired.contains(&item))] }),
            );
        }
        for item in repaired.iter().step_by(2) {
            self.next("upload.items", json!({ "items": [item_of(*item, true)] }));
        }
        self.next("upload.completed", json!({ "total": items }));
    }

    fn failed(&mut self) {
        self.open(3);
        self.next(
            "upload.items",
            json!({ "items": [item_of(0, true), item_of(1, false)] }),
        );
        self.next("upload.step", json!({ "message": MARK, "state": "error" }));
        self.next(
            "upload.failed",
            json!({ "message": MARK, "code": "unreadable" }),
        );
    }

    fn cancelled(&mut self) {
        self.open(2);
        self.next("upload.progress", json!({ "done": 1 }));
        self.next("upload.cancelled", json!({ "reason": MARK }));
    }

    fn counted(&mut self, items: usize) {
        self.open(items + 9);
        for done in 1..=items {
            self.next("upload.progress", json!({ "done": done, "total": items }));
        }
        self.next("upload.completed", json!({}));
    }

    /// Without sequence numbers: only the total says how many items there are.
    fn unsequenced(&mut self, items: usize) {
        self.add("upload.received", opening(items), None);
        for item in 0..items {
            self.add(
                "upload.items",
                json!({ "items": [item_of(item, true)] }),
                None,
            );
        }
        self.add("upload.completed", json!({ "total": items }), None);
    }

    fn opened_twice(&mut self, items: usize) {
        self.open(items);
        self.open(items + 1);
        for item in 0..=items {
            self.next(
                "upload.items",
                json!({ "items": [item_of(item, item != 1)] }),
            );
        }
        self.next("upload.completed", json!({}));
    }

    fn open(&mut self, total: usize) {
        self.next("upload.received", opening(total));
    }

    fn next(&mut self, type_: &str, data: Value) {
        let sequence = self.events.len() as u64;
        self.add(type_, data, Some(sequence));
    }

    fn add(&mut self, type_: &str, data: Value, sequence: Option<u64>) {
        let at = self.events.len();
        let later = SignedDuration::from_millis(i64::try_from(at).expect("few") * 7);
        let time = self.start.saturating_add(later).expect("in range");
        self.events.push(PlainEvent {
            id: format!("{}-{at}", self.token),
            sequence,
            ..PlainEvent::new(SOURCE, type_, &self.token, time, data)
        });
    }
}

fn opening(total: usize) -> Value {
    json!({
        "filename": format!("{MARK}-{total}.pdf"),
        "module": "scanner",
        "workflow_id": "intake",
        "total": total,
        "attributes": { "note": MARK },
    })
}

fn item_of(item: usize, ok: bool) -> Value {
    let identifier = format!("page-{item}");
    if ok {
        json!({ "identifier": identifier, "ok": true, "document_id": format!("{MARK}-{item}") })
    } else {
        json!({ "identifier": identifier, "ok": false, "messages": [MARK] })
    }
}
