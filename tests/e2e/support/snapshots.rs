//! Compares a run with its repetition after a restore: the tables, and what was published.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ground::Ground;
use super::recorder::{Received, Recorder};

/// All contents of the tables, without what depends on when a worker wrote them: times, positions
/// in the log, and the end of an order, which is the time of its last stop.
pub(crate) const TABLES: [&str; 7] = [
    "select to_jsonb(p) - '{created_at,sealed_at,settle_at,deadline_at}'::text[]
            - case p.kind when 'order' then 'ended_at' else '' end
     from waybill.process p order by p.key",
    "select to_jsonb(e) - '{received_at,epoch,tx,pos}'::text[]
     from waybill.event e order by e.process, e.source, e.id",
    "select to_jsonb(i) from waybill.item i order by i.process, i.identifier",
    "select to_jsonb(s) - '{seen_at,left_seen_at}'::text[]
     from waybill.stage s order by s.process, s.data_id",
    "select to_jsonb(k) from waybill.parked k order by k.process, k.event_id",
    // The broker adds a header to what it redelivers.
    "select to_jsonb(d) - 'received_at'
            || jsonb_build_object('headers', d.headers::jsonb - 'x-delivery-count')
     from waybill.dead_letter d order by d.id",
    "select jsonb_build_object(t.name || ' ' || t.label, sum(t.value))
     from waybill.tally t group by t.name, t.label having sum(t.value) <> 0 order by t.name, t.label",
];

/// What the tables contain, query by query.
pub(crate) async fn table_contents(ground: &Ground) -> Vec<Vec<String>> {
    let mut contents = Vec::new();
    for query in TABLES {
        let texts = format!("select t::text from ({query}) q (t)");
        contents.push(ground.texts(&texts).await);
    }
    contents
}

/// The first copy of each message; the other copies must equal it.
pub(crate) fn first_copies(recorder: &Recorder) -> BTreeMap<String, Received> {
    let mut copies: BTreeMap<String, Received> = BTreeMap::new();
    for message in recorder.received() {
        let message = Received {
            cursor: None,
            ..message
        };
        let known = copies
            .entry(message.id.clone())
            .or_insert_with(|| message.clone());
        assert_eq!(*known, message, "every copy has the same bytes");
    }
    copies.values_mut().for_each(clear_times);
    copies
}

/// Removes what depends on when a worker ran: the end of an order, and when a stop was entered,
/// with the form as it was then.
fn clear_times(message: &mut Received) {
    let mut body: Value = serde_json::from_slice(&message.body).expect("JSON");
    let removed: &[&str] = match message.routing_key.split_once('.') {
        Some(("upload", _)) => return,
        Some(("order", _)) => &["ended_at", "elapsed_seconds"],
        _ => &["entered_at", "form"],
    };
    for field in removed {
        assert!(!body[field].take().is_null(), "{body}");
    }
    message.body = body.to_string().into_bytes();
}

/// Checks that every message published after the disaster was published before it, with the same id
/// and body, and that the backup contains what was not published again.
pub(crate) fn assert_published_again(
    before: &BTreeMap<String, Received>,
    recorder: &Recorder,
    in_backup: &BTreeSet<String>,
) {
    let after = first_copies(recorder);
    for (id, message) in &after {
        assert_eq!(before.get(id), Some(message), "{id}");
    }
    let missing = before.keys().filter(|id| !after.contains_key(*id));
    let missing: BTreeSet<_> = missing.cloned().collect();
    assert!(missing.is_subset(in_backup), "{missing:?} of {in_backup:?}");
    assert!(!after.is_empty(), "something happened after the backup");
}
