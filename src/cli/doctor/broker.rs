//! The doctor's look at RabbitMQ: version, permissions, topology, and what waits in queues.

use super::finding::Finding;
use super::policies;
use crate::broker::inspect::{self, State};
use crate::broker::lapin_workarounds::greeting::{Greeting, greeting};
use crate::broker::{BrokerError, Connection, topology};
use crate::cli::servers;
use crate::config::Settings;

const ABOUT: &str = "broker";
/// The oldest release that is supported.
const RELEASE_MIN: (u32, u32) = (3, 10);
/// More than so many times the longest body is not taken from the broker.
const LARGE: usize = 4;
/// The longest body that is sent to try it.
const PROBE_MAX: usize = 64 << 20;

/// Everything about the broker.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Err(error) = look(settings, &mut findings).await {
        findings.push(Finding::fail(ABOUT, error.to_string()));
    }
    findings
}

async fn look(settings: &Settings, findings: &mut Vec<Finding>) -> Result<(), BrokerError> {
    // First what explains best why there is no connection.
    let connection = servers::broker(&settings.broker).await?;
    match greeting(&settings.broker).await {
        Ok(greeting) => {
            findings.push(version(&greeting));
            findings.extend(policies::examine(settings, greeting.release()).await);
        }
        Err(error) => findings.push(Finding::warn(ABOUT, error.to_string())),
    }
    findings.push(largest(&connection, settings.limits.body_bytes).await);
    let partitions = settings.broker.partitions;
    let looked = examine_connected(&connection, partitions, findings).await;
    connection.close().await;
    looked?;
    if partitions > 1 {
        // A refusal ends the connection, so it has its own.
        let connection = servers::broker(&settings.broker).await?;
        let able = inspect::consistent_hash(&connection).await;
        connection.close().await;
        able?;
        findings.push(Finding::ok(
            ABOUT,
            format!("can spread events over {partitions} queues"),
        ));
    }
    Ok(())
}

async fn examine_connected(
    connection: &Connection,
    partitions: u16,
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
    let states = inspect::topology(connection, partitions).await?;
    findings.extend(parts(&states));
    let held = inspect::leftovers(connection, partitions).await?;
    findings.extend(
        held.iter()
            .filter_map(|(queue, count)| leftover(queue, *count)),
    );
    Ok(())
}

pub(super) fn version(greeting: &Greeting) -> Finding {
    let said = format!("{} {}", greeting.product, greeting.version);
    let release = greeting.release();
    if release < RELEASE_MIN {
        let remedy = "version 3.10 or newer is needed, for quorum queues as they are used here";
        return Finding::fail(ABOUT, said).mend(remedy.to_owned());
    }
    Finding::ok(ABOUT, said)
}

/// How large a body the broker takes; a worker holds those that come whole.
async fn largest(connection: &Connection, body_bytes: usize) -> Finding {
    let large = body_bytes.saturating_mul(LARGE);
    let takes = async {
        if !inspect::takes_body(connection, body_bytes).await? {
            return Ok(Takes::TooLittle);
        }
        if large > PROBE_MAX {
            return Ok(Takes::NotTried);
        }
        match inspect::takes_body(connection, large + 1).await? {
            true => Ok(Takes::TooMuch),
            false => Ok(Takes::Enough),
        }
    };
    let takes: Result<Takes, BrokerError> = takes.await;
    body_limit(&takes, body_bytes)
}

/// What was found of the largest body.
#[derive(Debug)]
pub(super) enum Takes {
    TooLittle,
    Enough,
    TooMuch,
    NotTried,
}

pub(super) fn body_limit(takes: &Result<Takes, BrokerError>, body_bytes: usize) -> Finding {
    let set = format!(
        "set max_message_size = {} in rabbitmq.conf (deploy/rabbitmq/waybill.conf)",
        body_bytes.saturating_mul(2)
    );
    let large = body_bytes.saturating_mul(LARGE);
    match takes {
        Ok(Takes::Enough) => Finding::ok(
            ABOUT,
            format!("takes bodies of {body_bytes} bytes and refuses more than {large}"),
        ),
        Ok(Takes::TooLittle) => Finding::fail(
            ABOUT,
            format!("refuses bodies of {body_bytes} bytes, which limits.body_bytes allows"),
        )
        .mend(set),
        Ok(Takes::TooMuch) => Finding::warn(
            ABOUT,
            format!(
                "takes bodies of more than {large} bytes: a burst of them makes a worker exceed \
                 its memory"
            ),
        )
        .mend(set),
        Ok(Takes::NotTried) => Finding::warn(
            ABOUT,
            format!("was not tried with bodies of more than {PROBE_MAX} bytes"),
        )
        .mend(format!("check it yourself: {set}")),
        Err(error) => Finding::warn(ABOUT, format!("the largest body is not known: {error}"))
            .mend(format!("check it yourself: {set}")),
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
        let said = format!("all {} exchanges and queues are there", states.len());
        findings.push(Finding::ok(ABOUT, said));
    } else if !absent.is_empty() {
        let names: Vec<_> = absent.iter().map(|(name, _)| name.as_str()).collect();
        let said = format!("not there yet: {}", names.join(", "));
        let remedy = "`waybill run` makes them when it starts; until then nothing can be published";
        findings.push(Finding::warn(ABOUT, said).mend(remedy.to_owned()));
    }
    findings
}

pub(super) fn leftover(queue: &str, count: u32) -> Option<Finding> {
    if count == 0 {
        return None;
    }
    let (said, remedy) = if queue == topology::DEAD_QUEUE {
        (
            format!("{queue} holds messages that the broker gave up: {count}"),
            "a running worker turns them into dead letters",
        )
    } else {
        (
            format!("{queue}, of a higher number of partitions, still holds events: {count}"),
            "a worker that starts now consumes them too",
        )
    };
    Some(Finding::warn(ABOUT, said).mend(remedy.to_owned()))
}

fn denied(error: &BrokerError) -> Finding {
    let remedy = "rabbitmqctl set_permissions -p VHOST USER '^waybill\\.' '^(waybill\\.|amq\\.default$)' '^waybill\\.'";
    Finding::fail(ABOUT, error.to_string()).mend(remedy.to_owned())
}
