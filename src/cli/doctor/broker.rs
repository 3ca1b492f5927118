//! The doctor's look at RabbitMQ: version, permissions, topology, and what waits in queues.

use super::finding::Finding;
use crate::broker::greeting::{Greeting, greeting};
use crate::broker::inspect::{self, State};
use crate::broker::{BrokerError, Connection, topology};
use crate::cli::servers;
use crate::config::Settings;

const ABOUT: &str = "broker";
/// The oldest release that is supported.
const RELEASE_MIN: (u32, u32) = (3, 10);
/// The first release that limits deliveries by itself.
const RELEASE_WITH_LIMIT: (u32, u32) = (4, 0);

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
        Ok(greeting) => findings.extend(version(&greeting)),
        Err(error) => findings.push(Finding::warn(ABOUT, error.to_string())),
    }
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

pub(super) fn version(greeting: &Greeting) -> Vec<Finding> {
    let said = format!("{} {}", greeting.product, greeting.version);
    let release = greeting.release();
    if release < RELEASE_MIN {
        let remedy = "version 3.10 or newer is needed, for quorum queues as they are used here";
        return vec![Finding::fail(ABOUT, said).mend(remedy.to_owned())];
    }
    let found = Finding::ok(ABOUT, said);
    if release >= RELEASE_WITH_LIMIT {
        return vec![found];
    }
    let hint = "before 4.0 a message that crashes its consumer comes back for ever, unless a policy \
                limits it: rabbitmqctl set_policy waybill '^waybill\\.events\\.' \
                '{\"delivery-limit\":20}' --apply-to queues";
    vec![found.mend(hint.to_owned())]
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
