//! The doctor's look at PostgreSQL: version, schema, permissions, and what waits in the tables.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::feed;
use super::finding::Finding;
use crate::cli::failure;
use crate::clock;
use crate::config::Settings;
use crate::store::admin::inspect::{Inspection, VERSION_NUMBER_MIN};
use crate::store::admin::migrate::{self, Versions};
use crate::store::write::outbox::OutboxState;
use crate::store::write::slow_outbox::Failing;
use crate::store::{Store, StoreError};
use crate::wire::Reason;

const ABOUT: &str = "database";
/// Clocks further apart than this confuse people, though no promise depends on it.
const CLOCKS_APART_MAX: SignedDuration = SignedDuration::from_secs(5);
/// Failing destinations that are named.
const LISTED_MAX: i64 = 5;
/// An outbox that holds something for longer is not being emptied.
const OUTBOX_AGE_MAX: SignedDuration = SignedDuration::from_mins(2);

/// Everything about the database.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    let looked = match Store::new(&settings.database) {
        Ok(store) => look(&store, &mut findings).await,
        Err(error) => Err(error),
    };
    if let Err(error) = looked {
        let remedy = failure::remedy(&error).map(str::to_owned);
        findings.push(Finding::fail(ABOUT, error.to_string()).mend(remedy));
    }
    findings
}

async fn look(store: &Store, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    let inspection = store.inspect().await?;
    findings.push(version(&inspection));
    findings.extend(server(&inspection, clock::now()));
    findings.push(durability(&inspection));
    store.check_pooler().await?;
    if let Some(denied) = denied(&inspection) {
        // Without them even the schema's version can't be read.
        findings.push(denied);
        return Ok(());
    }
    let connection = store.connection().await?;
    let versions = migrate::versions(&connection).await?;
    findings.push(schema(versions, &inspection));
    if !versions.suffice() {
        return Ok(());
    }
    findings.push(Finding::ok(ABOUT, "may read and write every table"));
    let tally = store.tally().await?;
    findings.push(dead_letters(&tally.dead_letters));
    findings.extend(set_aside(tally.quarantined));
    findings.push(outbox(&store.outbox_state().await?, inspection.now));
    let failing = store.failing_destinations(LISTED_MAX).await?;
    findings.extend(stuck(&tally.stuck, &failing));
    findings.push(feed::examine(store, inspection.now).await?);
    Ok(())
}

pub(super) fn version(inspection: &Inspection) -> Finding {
    let said = format!(
        "PostgreSQL {}, as user {}",
        inspection.version, inspection.user
    );
    if inspection.version_number >= VERSION_NUMBER_MIN {
        Finding::ok(ABOUT, said)
    } else {
        Finding::fail(ABOUT, said).mend("version 14 or newer is needed".to_owned())
    }
}

pub(super) fn server(inspection: &Inspection, now: Timestamp) -> Option<Finding> {
    if inspection.read_only {
        let remedy = "database.url must name the primary, without default_transaction_read_only";
        return Some(Finding::fail(ABOUT, "takes no writes").mend(remedy.to_owned()));
    }
    let apart = inspection.now.duration_since(now).abs();
    (apart > CLOCKS_APART_MAX).then(|| {
        let said = format!(
            "its clock and this machine's are {} s apart",
            apart.as_secs()
        );
        Finding::warn(ABOUT, said).mend("let NTP set both".to_owned())
    })
}

/// What a confirmed commit has survived; a connection on which that is nothing is refused.
pub(super) fn durability(inspection: &Inspection) -> Finding {
    let value = inspection.synchronous_commit.as_str();
    let (is_weak, meaning) = match value {
        "remote_apply" => (
            false,
            "on disk, and applied on each synchronous standby there is",
        ),
        "remote_write" => (
            true,
            "on disk, and in the memory of each synchronous standby there is: one whose machine \
             crashes as it takes over lacks the last ones",
        ),
        "local" => (
            true,
            "on the primary's disk alone: a standby that takes over lacks the last ones",
        ),
        _ => (
            false,
            "on disk, also on that of each synchronous standby there is",
        ),
    };
    let said = format!("a confirmed commit is {meaning} (synchronous_commit {value})");
    match is_weak {
        true => Finding::warn(ABOUT, said).mend(
            "unless that is meant, take synchronous_commit out of the options in database.url"
                .to_owned(),
        ),
        false => Finding::ok(ABOUT, said),
    }
}

pub(super) fn schema(versions: Versions, inspection: &Inspection) -> Finding {
    let Versions { applied, known } = versions;
    let may_migrate = match applied {
        None => inspection.may_create_schema || inspection.may_create_tables,
        Some(_) => inspection.may_create_tables,
    };
    let remedy = if may_migrate {
        "run `waybill migrate`".to_owned()
    } else {
        "run `waybill migrate` as a user who may create tables; this one may not".to_owned()
    };
    match applied {
        None => Finding::fail(ABOUT, "has no tables yet").mend(remedy),
        Some(applied) if applied < known => {
            let said = format!("its schema has version {applied}, this program needs {known}");
            Finding::fail(ABOUT, said).mend(remedy)
        }
        Some(applied) if applied > known => {
            let said = format!("its schema has version {applied}, this program knows {known}");
            Finding::warn(ABOUT, said).mend("use the newer program".to_owned())
        }
        Some(applied) => Finding::ok(ABOUT, format!("schema version {applied}, up to date")),
    }
}

pub(super) fn denied(inspection: &Inspection) -> Option<Finding> {
    let closed = &inspection.closed_tables;
    if closed.is_empty() {
        return None;
    }
    let remedy = format!(
        "grant usage on schema waybill to {0}; grant select, insert, update, delete on all tables \
         in schema waybill to {0}",
        inspection.user
    );
    let said = format!("may not read and write {}", closed.join(", "));
    Some(Finding::fail(ABOUT, said).mend(remedy))
}

pub(super) fn dead_letters(counts: &BTreeMap<String, u64>) -> Finding {
    let waiting: Vec<_> = counts.iter().filter(|(_, count)| **count > 0).collect();
    if waiting.is_empty() {
        return Finding::ok(ABOUT, "no dead letters");
    }
    let total: u64 = waiting.iter().map(|(_, count)| **count).sum();
    let each: Vec<_> = waiting
        .iter()
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    let said = format!("dead letters that wait: {total} ({})", each.join(", "));
    let unreadable = Reason::UnreadableRecord.name();
    let remedy = match counts.get(unreadable).is_some_and(|count| *count > 0) {
        true => format!(
            "see `waybill dead list`; records of a newer version: let it run everywhere, then \
             `waybill dead replay --reason {unreadable}`"
        ),
        false => "see `waybill dead list`".to_owned(),
    };
    Finding::warn(ABOUT, said).mend(remedy)
}

/// Processes that the janitor can't deal with.
pub(super) fn set_aside(count: u64) -> Option<Finding> {
    (count > 0).then(|| {
        let said = format!("processes that can't be sealed or deleted: {count}");
        let remedy = "see the table waybill.quarantine: it has the reason of each";
        Finding::warn(ABOUT, said).mend(remedy.to_owned())
    })
}

pub(super) fn stuck(by_reason: &BTreeMap<String, u64>, failing: &[Failing]) -> Option<Finding> {
    let counts = by_reason.iter().filter(|(_, count)| **count > 0);
    let counts: Vec<_> = counts
        .map(|(why, count)| format!("{why} {count}"))
        .collect();
    if counts.is_empty() {
        return None;
    }
    let places = failing.iter().map(|failing| {
        let place = &failing.destination;
        match place.exchange.as_str() {
            "" => format!("queue {}", place.routing_key),
            exchange => format!("{exchange} {}", place.routing_key),
        }
    });
    let places: Vec<_> = places.collect();
    let said = format!("messages that can't be delivered: {}", counts.join(", "));
    let remedy = match places.is_empty() {
        true => "the column detail of waybill.outbox says why".to_owned(),
        false => format!(
            "look at the queues bound for {}; what waits is sent once they confirm",
            places.join(", ")
        ),
    };
    Some(Finding::warn(ABOUT, said).mend(remedy))
}

pub(super) fn outbox(state: &OutboxState, now: Timestamp) -> Finding {
    let age = state.oldest.map(|oldest| now.duration_since(oldest));
    match age {
        None => Finding::ok(ABOUT, "outbox empty"),
        Some(age) if age <= OUTBOX_AGE_MAX => {
            Finding::ok(ABOUT, format!("messages in the outbox: {}", state.pending))
        }
        Some(age) => {
            let minutes = age.as_mins();
            let said = format!(
                "messages in the outbox: {}, the oldest for {minutes} minutes",
                state.pending
            );
            let remedy = "is a relay running (`waybill run`), and has each completion a queue?";
            Finding::warn(ABOUT, said).mend(remedy.to_owned())
        }
    }
}
