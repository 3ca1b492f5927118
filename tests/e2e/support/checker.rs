//! The invariants P1 to P6 and P10: compares the producer's history and the recorder's copies
//! with the database.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::Value;
use waybill::domain::merge::Outcomes;
use waybill::domain::{Opening, Process, completion_rules, merge};
use waybill::store::Store;
use waybill::store::read::record::Record;
use waybill::wire::{Limits, PlainEvent};

use super::address::password;
use super::ground::Ground;
use super::producer::Producer;
use super::recorder::{Received, Recorder};
use super::story::{MARK, TOKEN_MARK};

/// The numbers expected in the end.
pub(crate) struct Expected {
    pub(crate) events: i64,
    pub(crate) dead: i64,
    pub(crate) sealed: i64,
}

impl Expected {
    pub(crate) fn of(producer: &Producer) -> Self {
        let count = |n: usize| i64::try_from(n).expect("few");
        let bad = producer
            .messages
            .iter()
            .filter(|message| message.reason.is_some());
        let folded = fold_all(producer);
        Self {
            events: count(producer.confirmed().len()),
            dead: count(bad.count()),
            sealed: count(
                folded
                    .values()
                    .filter(|process| process.ended.is_some())
                    .count(),
            ),
        }
    }
}

/// Every violated invariant.
pub(crate) async fn faults(
    ground: &Ground,
    producer: &Producer,
    recorder: &Recorder,
) -> Vec<String> {
    let mut faults = sets(ground, producer).await;
    faults.extend(counters(ground).await);
    faults.extend(dead_letters(ground, producer).await);
    let store = ground.store();
    let received = recorder.by_token();
    let folded = fold_all(producer);
    for (token, process) in &folded {
        let copies = received.get(token).map(Vec::as_slice).unwrap_or_default();
        faults.extend(record(&store, process, copies).await);
    }
    let unexpected = received.keys().filter(|token| !folded.contains_key(*token));
    faults.extend(
        unexpected.map(|token| format!("P5: a completion of {token}, which no producer sent")),
    );
    faults.truncate(20);
    faults
}

/// P10: neither secrets nor payloads in any log of the test.
pub(crate) fn assert_nothing_leaked(ground: &Ground) {
    for entry in std::fs::read_dir(&ground.folder).expect("the folder is ours") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a log is text");
        assert_clean(ground, &text, &path.display().to_string());
    }
}

/// P10 for one text.
pub(crate) fn assert_clean(ground: &Ground, text: &str, what: &str) {
    let secrets = [password(&ground.database_url), password(&ground.broker_url)];
    let private = secrets.iter().map(String::as_str).chain([MARK, TOKEN_MARK]);
    for word in private {
        let line = text.lines().find(|line| line.contains(word));
        assert!(line.is_none(), "P10: {what} contains {word}: {line:?}");
    }
}

/// The record of a set of events, computed without any worker.
pub(crate) fn fold<'a>(events: impl Iterator<Item = &'a PlainEvent>) -> Process {
    let mut outcomes = Outcomes::default();
    let mut sequences = BTreeSet::new();
    let mut process: Option<Process> = None;
    for event in events {
        let accepted = event.check(&Limits::default()).expect("stories are valid");
        let event = accepted.event;
        let process = process.get_or_insert_with(|| {
            Process::unopened(event.tenant.clone(), event.token.clone(), event.kind)
        });
        sequences.extend(event.stamp.sequence);
        merge::apply(process, &mut outcomes, &event);
    }
    let mut process = process.expect("a story has events");
    let ending = process.ending.as_ref();
    let sequence = ending.and_then(|ending| ending.stamp.sequence);
    process.sequenced = sequences.range(..sequence.unwrap_or(0)).count() as u64;
    completion_rules::seal(
        &mut process,
        SignedDuration::from_hours(1),
        waybill::clock::now(),
    );
    comparable(process)
}

fn fold_all(producer: &Producer) -> BTreeMap<String, Process> {
    let confirmed = producer.confirmed();
    let mut by_token: BTreeMap<String, Vec<&PlainEvent>> = BTreeMap::new();
    for event in confirmed.values() {
        let token = event.token.clone().unwrap_or_default();
        by_token.entry(token).or_default().push(event);
    }
    let folded = by_token
        .into_iter()
        .map(|(token, events)| (token, fold(events.into_iter())));
    folded.collect()
}

/// Without the times that depend on when a worker ran, without the opening's total, which the
/// record stores apart with its own stamp, and without the number of sequences seen, which no
/// reader of an ended process uses.
fn comparable(process: Process) -> Process {
    let opening = process.opening.map(|(stamp, opening)| {
        let total = None;
        (stamp, Opening { total, ..opening })
    });
    Process {
        opening,
        settle_at: None,
        deadline_at: None,
        sequenced: match process.ended {
            Some(_) => 0,
            None => process.sequenced,
        },
        ..process
    }
}

/// P1, and P5 for events: the log contains exactly the confirmed events.
pub(crate) async fn sets(ground: &Ground, producer: &Producer) -> Vec<String> {
    let logged = ground
        .rows("select source, id, late from waybill.event where refused is null")
        .await;
    let mut faults = Vec::new();
    let mut known: BTreeSet<(String, String)> = BTreeSet::new();
    for row in logged {
        let identity: (String, String) = (row.get(0), row.get(1));
        if row.get(2) {
            faults.push(format!("P3: {} came late", identity.1));
        }
        if !known.insert(identity.clone()) {
            faults.push(format!("P2: {} is there twice", identity.1));
        }
    }
    let confirmed: BTreeSet<_> = producer.confirmed().into_keys().collect();
    let lost = confirmed.difference(&known);
    faults.extend(lost.map(|(_, id)| format!("P1: {id} is lost")));
    let foreign = known.difference(&confirmed);
    faults.extend(foreign.map(|(_, id)| format!("P5: {id} was never sent")));
    faults
}

/// P2: the stored counters equal a recount.
pub(crate) async fn counters(ground: &Ground) -> Vec<String> {
    let recounts = [
        (
            "items",
            "select p.token from waybill.process p where p.items <> (select count(*) from waybill.item i where i.process = p.key)",
        ),
        (
            "items_failed",
            "select p.token from waybill.process p where p.items_failed <> (select count(*) from waybill.item i where i.process = p.key and not i.ok)",
        ),
        (
            "open",
            "select k.kind from unnest(array['upload', 'order']) k (kind) where coalesce((select sum(value) from waybill.tally where name = 'processes_open' and label = k.kind), 0) <> (select count(*) from waybill.process p where p.kind = k.kind and p.ended_at is null)",
        ),
        (
            "parked",
            "select 'pushes' where coalesce((select sum(value) from waybill.tally where name = 'parked'), 0) <> (select count(*) from waybill.parked where type = 'order.pushed')",
        ),
        (
            "kept",
            "select p.token from waybill.parked k join waybill.process p on p.key = k.process where k.type <> 'order.pushed' and p.status <> 'waiting'",
        ),
        (
            "dead letters",
            "select coalesce(t.label, d.reason) from (select label, sum(value) as value from waybill.tally where name = 'dead_letters' group by label) t full join (select reason, count(*) as value from waybill.dead_letter group by reason) d on d.reason = t.label where coalesce(t.value, 0) <> coalesce(d.value, 0)",
        ),
    ];
    let mut faults = Vec::new();
    for (what, query) in recounts {
        let rows = ground.rows(query).await;
        let wrong = rows.iter().map(|row| row.get::<_, String>(0));
        faults.extend(wrong.map(|name| format!("P2: {what} of {name} differ from a recount")));
    }
    faults
}

/// Of a longer body only a part is kept.
const BODY_MAX: usize = 2 << 20;
const KEPT_OF_LARGE: usize = 64 << 10;

/// P6: each bad message is a dead letter once, with its reason and its bytes, and nothing else is.
async fn dead_letters(ground: &Ground, producer: &Producer) -> Vec<String> {
    let mut balance: BTreeMap<(Vec<u8>, String), i64> = BTreeMap::new();
    for message in &producer.messages {
        if let Some(reason) = &message.reason {
            let kept = message.body.get(..KEPT_OF_LARGE);
            let kept = kept.filter(|_| message.body.len() > BODY_MAX);
            let body = kept.unwrap_or(&message.body).to_vec();
            *balance.entry((body, reason.clone())).or_default() += 1;
        }
    }
    for row in ground
        .rows("select body, reason from waybill.dead_letter")
        .await
    {
        *balance.entry((row.get(0), row.get(1))).or_default() -= 1;
    }
    let wrong = balance.into_iter().filter(|(_, count)| *count != 0);
    let wrong = wrong.map(|((body, reason), count)| {
        let start: String = String::from_utf8_lossy(&body).chars().take(120).collect();
        format!("P6: {count} dead letters too few with reason {reason}: {start}")
    });
    wrong.collect()
}

/// P3, P4 and P5 for one process.
async fn record(store: &Store, folded: &Process, copies: &[Received]) -> Vec<String> {
    let token = &folded.token;
    let found = store
        .record(folded.key, 0, 0)
        .await
        .expect("the database is there");
    let Some(found) = found else {
        return vec![format!("P1: {token} has no record")];
    };
    let mut faults = Vec::new();
    let process = comparable(found.process.clone());
    if process != *folded {
        faults.push(format!("P3: {token} is {process:?}, not {folded:?}"));
    }
    faults.extend(completions(&found, copies));
    faults
}

fn completions(record: &Record, copies: &[Received]) -> Option<String> {
    let process = &record.process;
    let token = &process.token;
    match (copies, &process.ended) {
        ([], None) => None,
        ([], Some(_)) => Some(format!("P4: {token} has no completion")),
        (_, None) => Some(format!("P5: {token} has a completion and has not ended")),
        ([first, ..], Some(ended)) => {
            let body: Value = serde_json::from_slice(&first.body).unwrap_or_default();
            let progress = (&body["progress"]["done"], &body["progress"]["failed"]);
            let fits = first.id == process.key.0.to_string()
                && body["token"] == **token
                && body["status"] == ended.status.name()
                && first.routing_key == format!("upload.{}", ended.status.name())
                && *progress.0 == process.done()
                && *progress.1 == process.items.failed;
            if !fits {
                Some(format!(
                    "P4: the completion of {token} is {body}, not {process:?}"
                ))
            } else if copies.iter().any(|copy| copy != first) {
                Some(format!("P4: the copies of {token} differ"))
            } else {
                None
            }
        }
    }
}
