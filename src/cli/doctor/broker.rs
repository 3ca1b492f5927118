//! The doctor's checks of RabbitMQ: version, permissions, topology, and messages in leftover
//! queues.

use super::finding::Finding;
use super::{broker_users, policies};
use crate::broker::inspect::{self, State};
use crate::broker::lapin_workarounds::greeting::{Greeting, greeting};
use crate::broker::tenant_exchanges::own_queue;
use crate::broker::{BrokerError, Connection, topology};
use crate::cli::servers;
use crate::config::Settings;
use crate::domain::tenancy::{Tenancy, TenantQueue};

const ABOUT: &str = "broker";
/// The oldest release that is supported.
const RELEASE_MIN: (u32, u32) = (3, 10);
/// The broker should refuse bodies longer than this multiple of `limits.body_bytes`.
const LARGE: usize = 4;
/// The longest body that is sent as a test.
const PROBE_MAX: usize = 64 << 20;

/// Everything about the broker.
pub(super) async fn examine(settings: &Settings, tenancy: &Tenancy) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Err(error) = check(settings, tenancy, &mut findings).await {
        findings.push(Finding::fail(ABOUT, error.to_string()));
    }
    findings
}

async fn check(
    settings: &Settings,
    tenancy: &Tenancy,
    findings: &mut Vec<Finding>,
) -> Result<(), BrokerError> {
    // First, because its error best explains why there is no connection.
    let connection = servers::broker(&settings.broker).await?;
    match greeting(&settings.broker).await {
        Ok(greeting) => {
            findings.push(version(&greeting));
            findings.extend(policies::examine(settings, greeting.release()).await);
            findings.extend(broker_users::examine(settings).await);
        }
        Err(error) => findings.push(Finding::warn(ABOUT, error.to_string())),
    }
    findings.push(largest(&connection, settings.limits.body_bytes).await);
    let partitions = settings.broker.partitions;
    let checked = check_connected(&connection, partitions, tenancy, findings).await;
    connection.close().await;
    checked?;
    if partitions > 1 {
        // A separate connection, because a refusal closes it.
        let connection = servers::broker(&settings.broker).await?;
        let supported = inspect::consistent_hash(&connection).await;
        connection.close().await;
        supported?;
        findings.push(Finding::ok(
            ABOUT,
            format!("can distribute events over {partitions} queues"),
        ));
    }
    Ok(())
}

async fn check_connected(
    connection: &Connection,
    partitions: u16,
    tenancy: &Tenancy,
    findings: &mut Vec<Finding>,
) -> Result<(), BrokerError> {
    match inspect::permissions(connection).await {
        Ok(()) => findings.push(Finding::ok(
            ABOUT,
            "may configure, write and read waybill.*",
        )),
        Err(error @ BrokerError::Refused(_)) => findings.push(denied(&error)),
        Err(error) => return Err(error),
    }
    let queues_of = |queue: TenantQueue| {
        let tenants = tenancy.tenants.iter();
        let tenants = tenants.filter(move |tenant| tenant.queue == queue);
        tenants
            .map(|tenant| own_queue(&tenant.name))
            .collect::<Vec<_>>()
    };
    let (own, former) = (queues_of(TenantQueue::Own), queues_of(TenantQueue::Former));
    let states = inspect::topology(connection, partitions, &own).await?;
    findings.extend(parts(&states));
    let queues = inspect::leftovers(connection, partitions, &former).await?;
    findings.extend(
        queues
            .iter()
            .filter_map(|(queue, count)| leftover(queue, *count)),
    );
    Ok(())
}

pub(super) fn version(greeting: &Greeting) -> Finding {
    let message = format!("{} {}", greeting.product, greeting.version);
    let release = greeting.release();
    if release < RELEASE_MIN {
        let remedy =
            "upgrade to version 3.10 or newer, whose quorum queues have all features used here";
        return Finding::fail(ABOUT, message).remedy(remedy.to_owned());
    }
    Finding::ok(ABOUT, message)
}

/// Checks how large a body the broker accepts, since a worker keeps whole bodies in memory.
async fn largest(connection: &Connection, body_bytes: usize) -> Finding {
    let large = body_bytes.saturating_mul(LARGE);
    let limit = async {
        if !inspect::takes_body(connection, body_bytes).await? {
            return Ok(BodyLimit::TooLow);
        }
        if large > PROBE_MAX {
            return Ok(BodyLimit::Untested);
        }
        match inspect::takes_body(connection, large + 1).await? {
            true => Ok(BodyLimit::TooHigh),
            false => Ok(BodyLimit::Suitable),
        }
    };
    let limit: Result<BodyLimit, BrokerError> = limit.await;
    body_limit(&limit, body_bytes)
}

/// How the broker's limit of the body size compares with `limits.body_bytes`.
#[derive(Debug)]
pub(super) enum BodyLimit {
    TooLow,
    Suitable,
    TooHigh,
    Untested,
}

pub(super) fn body_limit(limit: &Result<BodyLimit, BrokerError>, body_bytes: usize) -> Finding {
    let set = format!(
        "set max_message_size = {} in rabbitmq.conf (deploy/rabbitmq/waybill.conf)",
        body_bytes.saturating_mul(2)
    );
    let large = body_bytes.saturating_mul(LARGE);
    match limit {
        Ok(BodyLimit::Suitable) => Finding::ok(
            ABOUT,
            format!("accepts bodies of {body_bytes} bytes and refuses more than {large}"),
        ),
        Ok(BodyLimit::TooLow) => Finding::fail(
            ABOUT,
            format!("refuses bodies of {body_bytes} bytes, which limits.body_bytes allows"),
        )
        .remedy(set),
        Ok(BodyLimit::TooHigh) => Finding::warn(
            ABOUT,
            format!(
                "accepts bodies of more than {large} bytes: a burst of them makes a worker exceed \
                 its memory"
            ),
        )
        .remedy(set),
        Ok(BodyLimit::Untested) => Finding::warn(
            ABOUT,
            format!("was not tested with bodies of more than {PROBE_MAX} bytes"),
        )
        .remedy(format!("check the limit yourself: {set}")),
        Err(error) => Finding::warn(
            ABOUT,
            format!("the limit of the body size is unknown: {error}"),
        )
        .remedy(format!("check the limit yourself: {set}")),
    }
}

pub(super) fn parts(states: &[(String, State)]) -> Vec<Finding> {
    let absent: Vec<_> = states
        .iter()
        .filter(|(_, state)| *state == State::Absent)
        .collect();
    let mut findings = Vec::new();
    for (name, state) in states {
        if let State::Wrong(error) = state {
            findings.push(Finding::fail(ABOUT, format!("{name}: {error}")));
        }
    }
    if absent.is_empty() && findings.is_empty() {
        let message = format!("all {} exchanges and queues exist", states.len());
        findings.push(Finding::ok(ABOUT, message));
    } else if !absent.is_empty() {
        let names: Vec<_> = absent.iter().map(|(name, _)| name.as_str()).collect();
        let message = format!("does not exist yet: {}", names.join(", "));
        let remedy =
            "`waybill run` creates them when it starts; until then nothing can be published";
        findings.push(Finding::warn(ABOUT, message).remedy(remedy.to_owned()));
    }
    findings
}

pub(super) fn leftover(queue: &str, count: u32) -> Option<Finding> {
    if count == 0 {
        return None;
    }
    let (message, remedy) = if queue == topology::DEAD_QUEUE {
        (
            format!("{queue} has messages that the broker dead-lettered: {count}"),
            "start a worker: it stores them as dead letters",
        )
    } else {
        (
            format!(
                "{queue}, of a higher number of partitions or of a tenant that has no queue of its own any more, \
                 still has events: {count}"
            ),
            "restart a worker: it consumes them too",
        )
    };
    Some(Finding::warn(ABOUT, message).remedy(remedy.to_owned()))
}

fn denied(error: &BrokerError) -> Finding {
    let remedy = "rabbitmqctl set_permissions -p VHOST USER '^waybill\\.' '^(waybill\\.|amq\\.default$)' '^waybill\\.'";
    Finding::fail(ABOUT, error.to_string()).remedy(remedy.to_owned())
}
