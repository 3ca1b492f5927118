//! The doctor's checks of PostgreSQL: version, schema, permissions, and pending rows.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::finding::Finding;
use super::{feed, privileges, trust};
use crate::cli::{failure, output};
use crate::clock;
use crate::config::{Settings, TenancyMode};
use crate::domain::tenancy::Tenancy;
use crate::store::admin::inspect::{Inspection, VERSION_NUMBER_MIN};
use crate::store::admin::migrate::{self, Versions};
use crate::store::write::outbox::OutboxState;
use crate::store::write::slow_outbox::Failing;
use crate::store::{Store, StoreError};
use crate::wire::Reason;

const ABOUT: &str = "database";
/// Clocks that differ by more than this confuse operators, though no guarantee depends on it.
const CLOCKS_APART_MAX: SignedDuration = SignedDuration::from_secs(5);
/// Failing destinations that are named.
const LISTED_MAX: i64 = 5;
/// An outbox with a message older than this is not being emptied.
const OUTBOX_AGE_MAX: SignedDuration = SignedDuration::from_mins(2);

/// Everything about the database.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    let checked = match Store::new(&settings.database) {
        Ok(store) => check(&store, settings.tenancy.mode, &mut findings).await,
        Err(error) => Err(error),
    };
    if let Err(error) = checked {
        let remedy = failure::remedy(&error).map(str::to_owned);
        findings.push(Finding::fail(ABOUT, error.to_string()).remedy(remedy));
    }
    findings
}

/// The tenants and their queues; none if they can't be read, which is reported elsewhere.
pub(super) async fn tenancy(settings: &Settings) -> Tenancy {
    match Store::new(&settings.database) {
        Ok(store) => store.tenancy().await.unwrap_or_default(),
        Err(_) => Tenancy::default(),
    }
}

async fn check(
    store: &Store,
    mode: Option<TenancyMode>,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let inspection = store.inspect().await?;
    findings.push(version(&inspection));
    findings.extend(server(&inspection, clock::now()));
    findings.push(durability(&inspection));
    store.check_pooler().await?;
    let granted = store.list_privileges().await?;
    if let Some(denied) = privileges::denied(&inspection, &granted) {
        // Without permissions even the schema's version can't be read.
        findings.push(denied);
        return Ok(());
    }
    let connection = store.connection().await?;
    let versions = migrate::versions(&connection).await?;
    findings.push(schema(versions, &inspection));
    if !versions.suffice() {
        return Ok(());
    }
    findings.push(Finding::ok(ABOUT, "has every privilege that it needs"));
    findings.extend(privileges::too_many(&inspection, &granted));
    findings.extend(trust::examine(store, mode, &granted, inspection.now).await?);
    let tally = store.tally().await?;
    findings.push(dead_letters(&tally.dead_letters));
    findings.extend(quarantined(tally.quarantined));
    findings.push(outbox(&store.outbox_state().await?, inspection.now));
    let failing = store.failing_destinations(LISTED_MAX).await?;
    findings.extend(undeliverable(&tally.stuck, &failing));
    findings.push(feed::examine(store, inspection.now).await?);
    Ok(())
}

pub(super) fn version(inspection: &Inspection) -> Finding {
    let message = format!(
        "PostgreSQL {}, as user {}",
        inspection.version, inspection.user
    );
    if inspection.version_number >= VERSION_NUMBER_MIN {
        Finding::ok(ABOUT, message)
    } else {
        Finding::fail(ABOUT, message).remedy("upgrade to version 14 or newer".to_owned())
    }
}

pub(super) fn server(inspection: &Inspection, now: Timestamp) -> Option<Finding> {
    if inspection.read_only {
        let remedy = "database.url must name the primary, without default_transaction_read_only";
        return Some(Finding::fail(ABOUT, "is read-only").remedy(remedy.to_owned()));
    }
    let apart = inspection.now.duration_since(now).abs();
    (apart > CLOCKS_APART_MAX).then(|| {
        let message = format!(
            "its clock and the clock of this machine differ by {} s",
            apart.as_secs()
        );
        Finding::warn(ABOUT, message).remedy("synchronise both with NTP".to_owned())
    })
}

/// The durability of a confirmed commit; connections with `synchronous_commit = off` are refused.
pub(super) fn durability(inspection: &Inspection) -> Finding {
    let value = inspection.synchronous_commit.as_str();
    let meaning = match value {
        "remote_apply" => "on the primary's disk, and applied on each synchronous standby",
        "remote_write" => {
            "on the primary's disk, and in the memory of each synchronous standby: a standby whose \
             machine crashes during a failover loses the last commits"
        }
        "local" => "on the primary's disk only: after a failover the last commits may be missing",
        _ => "on the primary's disk, and on that of each synchronous standby",
    };
    let message = format!("a confirmed commit is {meaning} (synchronous_commit {value})");
    if !matches!(value, "remote_write" | "local") {
        return Finding::ok(ABOUT, message);
    }
    let remedy =
        "unless this is intended, remove synchronous_commit from the options in database.url";
    Finding::warn(ABOUT, message).remedy(remedy.to_owned())
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
        "run `waybill migrate` as a user with permission to create tables; this user has none"
            .to_owned()
    };
    match applied {
        None => Finding::fail(ABOUT, "has no tables yet").remedy(remedy),
        Some(applied) if applied < known => {
            let message =
                format!("the schema has version {applied}, this program needs version {known}");
            Finding::fail(ABOUT, message).remedy(remedy)
        }
        Some(applied) if applied > known => {
            let message = format!(
                "the schema has version {applied}, this program knows only version {known}"
            );
            Finding::warn(ABOUT, message).remedy("use the newer program".to_owned())
        }
        Some(applied) => Finding::ok(ABOUT, format!("schema version {applied}, up to date")),
    }
}

pub(super) fn dead_letters(counts: &BTreeMap<String, u64>) -> Finding {
    let total: u64 = counts.values().sum();
    if total == 0 {
        return Finding::ok(ABOUT, "no dead letters");
    }
    let message = format!("dead letters: {total} ({})", output::counts(counts));
    let unreadable = Reason::UnreadableRecord.name();
    let remedy = match counts.get(unreadable).is_some_and(|count| *count > 0) {
        true => format!(
            "see `waybill dead list`; a newer version wrote unreadable records: upgrade every \
             instance, then `waybill dead replay --reason {unreadable}`"
        ),
        false => "see `waybill dead list`".to_owned(),
    };
    Finding::warn(ABOUT, message).remedy(remedy)
}

/// Processes that the janitor could not seal or delete.
pub(super) fn quarantined(count: u64) -> Option<Finding> {
    (count > 0).then(|| {
        let message = format!("processes that can't be sealed or deleted: {count}");
        let remedy = "see the table waybill.quarantine for the reason of each";
        Finding::warn(ABOUT, message).remedy(remedy.to_owned())
    })
}

pub(super) fn undeliverable(
    by_reason: &BTreeMap<String, u64>,
    failing: &[Failing],
) -> Option<Finding> {
    let counts = output::counts(by_reason);
    if counts.is_empty() {
        return None;
    }
    let destinations = failing.iter().map(|failing| {
        let destination = &failing.destination;
        match destination.exchange.as_str() {
            "" => format!("queue {}", destination.routing_key),
            exchange => format!("{exchange} {}", destination.routing_key),
        }
    });
    let destinations: Vec<_> = destinations.collect();
    let message = format!("messages that can't be delivered: {counts}");
    let remedy = match destinations.is_empty() {
        true => "see the column detail of waybill.outbox for the reason".to_owned(),
        false => format!(
            "check the queues bound for {}; the messages are sent once the queues confirm",
            destinations.join(", ")
        ),
    };
    Some(Finding::warn(ABOUT, message).remedy(remedy))
}

pub(super) fn outbox(state: &OutboxState, now: Timestamp) -> Finding {
    let age = state.oldest.map(|oldest| now.duration_since(oldest));
    match age {
        None => Finding::ok(ABOUT, "the outbox is empty"),
        Some(age) if age <= OUTBOX_AGE_MAX => {
            Finding::ok(ABOUT, format!("messages in the outbox: {}", state.pending))
        }
        Some(age) => {
            let minutes = age.as_mins();
            let message = format!(
                "messages in the outbox: {}, the oldest for {minutes} minutes",
                state.pending
            );
            let remedy = "check that a relay is running (`waybill run`) and that a queue is bound for \
                          every completion";
            Finding::warn(ABOUT, message).remedy(remedy.to_owned())
        }
    }
}
