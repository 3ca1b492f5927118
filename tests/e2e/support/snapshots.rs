//! Whether two lives of the same work told the same: what the tables hold, and what was published.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ground::Ground;
use super::recorder::{Audience, Heard};

/// Everything that is told of a process, without when and where in the log a worker wrote it down; the
/// stops of an order are made when a worker makes them, and so is its end at the last of them.
pub(crate) const TOLD: [&str; 7] = [
    "select to_jsonb(p) - '{created_at,sealed_at,settle_at,deadline_at}'::text[]
            - case p.kind when 'order' then 'ended_at' else '' end
     from waybill.process p order by p.key",
    "select to_jsonb(e) - '{received_at,epoch,tx,pos}'::text[]
     from waybill.event e order by e.process, e.source, e.id",
    "select to_jsonb(i) from waybill.item i order by i.process, i.identifier",
    "select to_jsonb(s) - '{seen_at,left_seen_at}'::text[]
     from waybill.stage s order by s.process, s.data_id",
    "select to_jsonb(k) from waybill.parked k order by k.process, k.event_id",
    "select to_jsonb(d) - 'received_at' from waybill.dead_letter d order by d.id",
    "select jsonb_build_object(t.name || ' ' || t.label, sum(t.value))
     from waybill.tally t group by t.name, t.label having sum(t.value) <> 0 order by t.name, t.label",
];

/// What the tables hold, query by query.
pub(crate) async fn told(ground: &Ground) -> Vec<Vec<String>> {
    let mut told = Vec::new();
    for query in TOLD {
        let rows = ground
            .rows(&format!("select t::text from ({query}) q (t)"))
            .await;
        told.push(rows.iter().map(|row| row.get(0)).collect());
    }
    told
}

/// The first copy of each message; the others are the same.
pub(crate) fn first(audience: &Audience) -> BTreeMap<String, Heard> {
    let mut first: BTreeMap<String, Heard> = BTreeMap::new();
    for heard in audience.heard() {
        let heard = Heard {
            cursor: None,
            ..heard
        };
        let known = first
            .entry(heard.id.clone())
            .or_insert_with(|| heard.clone());
        assert_eq!(*known, heard, "every copy has the same bytes");
    }
    first.values_mut().for_each(forget_when);
    first
}

/// An order ends when a worker makes its last step, so its completion tells another time. Of a stop its
/// name counts: what is told of it tells when it was made, and the form as it stood then.
fn forget_when(heard: &mut Heard) {
    let mut said: Value = serde_json::from_slice(&heard.body).expect("JSON");
    let forgotten: &[&str] = match heard.routing_key.split_once('.') {
        Some(("upload", _)) => return,
        Some(("order", _)) => &["ended_at", "elapsed_seconds"],
        _ => &["entered_at", "form"],
    };
    for field in forgotten {
        assert!(!said[field].take().is_null(), "{said}");
    }
    heard.body = said.to_string().into_bytes();
}

/// What is said after the disaster was said before it, under the same id and in the same words; and
/// what is not said again is held by the backup as said.
pub(crate) fn said_again(
    lost: &BTreeMap<String, Heard>,
    audience: &Audience,
    held: &BTreeSet<String>,
) {
    let again = first(audience);
    for (id, heard) in &again {
        assert_eq!(lost.get(id), Some(heard), "{id}");
    }
    let silent = lost.keys().filter(|id| !again.contains_key(*id));
    let silent: BTreeSet<_> = silent.cloned().collect();
    assert!(silent.is_subset(held), "{silent:?} of {held:?}");
    assert!(!again.is_empty(), "something happened after the backup");
}
