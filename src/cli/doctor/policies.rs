//! The doctor's check of the queues' policies, which only the broker's management API shows.

use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::finding::Finding;
use super::management::Management;
use crate::broker::tenant_exchanges::own_queue;
use crate::broker::topology::{DEAD_QUEUE, EVENTS_EXCHANGE};
use crate::config::{BrokerSettings, Settings};

const ABOUT: &str = "broker";
/// The first release with a default delivery limit.
const RELEASE_WITH_LIMIT: (u32, u32) = (4, 0);
const SET: &str = "`deploy/rabbitmq/permissions.sh policy` sets them";

/// A queue as the management API shows it.
#[derive(Debug, Deserialize)]
pub(super) struct Queue {
    pub(super) name: String,
    /// An empty list if there is no policy; absent for some seconds after the broker's start.
    #[serde(default)]
    pub(super) effective_policy_definition: Value,
}

/// Everything about the policies of the queues.
pub(super) async fn examine(settings: &Settings, release: (u32, u32)) -> Vec<Finding> {
    let Some(management) = Management::of(&settings.broker) else {
        let message = "the policies of its queues were not checked: AMQP does not show them";
        let remedy = "set broker.management_url to check them here, or run `rabbitmqctl \
                      list_queues -p VHOST name effective_policy_definition`; \
                      `deploy/rabbitmq/permissions.sh policy` sets them";
        return vec![Finding::note(ABOUT, message).remedy(remedy.to_owned())];
    };
    let read = match &management {
        Ok(management) => queues(&settings.broker, management).await,
        Err(error) => Err(error.clone()),
    };
    match read {
        Ok(queues) => judge(&queues, release),
        Err(error) => {
            let message = format!("the policies of its queues can't be read: {error}");
            let remedy = "check broker.management_url: its user needs the tag monitoring, and access to \
                          the virtual host";
            vec![Finding::warn(ABOUT, message).remedy(remedy.to_owned())]
        }
    }
}

/// Queries the management API for the queues of the virtual host in `broker.url`.
async fn queues(settings: &BrokerSettings, management: &Management) -> Result<Vec<Queue>, String> {
    let vhost = Url::parse(settings.url.expose_secret()).map_err(|_| "broker.url is not a URL")?;
    // Both URLs escape it in the same way.
    let vhost = match vhost.path().trim_start_matches('/') {
        "" => "%2F".to_owned(),
        name => name.to_owned(),
    };
    let path = format!("/api/queues/{vhost}");
    let columns = Some("columns=name,effective_policy_definition");
    let queues = management.get(&path, columns).await?;
    queues.ok_or_else(|| "the login is refused".to_owned())
}

/// The findings about the policies of these queues.
pub(super) fn judge(queues: &[Queue], release: (u32, u32)) -> Vec<Finding> {
    let (mut findings, mut right) = (Vec::new(), false);
    for queue in queues.iter().filter(|queue| is_ours(&queue.name)) {
        let (name, policy) = (&queue.name, &queue.effective_policy_definition);
        let faults = of_events(policy);
        let finding = if policy.is_null() {
            let message = format!("the policy of {name} is not known yet");
            let remedy = "RabbitMQ has just started: run `waybill doctor` again in a moment";
            Finding::note(ABOUT, message).remedy(remedy.to_owned())
        } else if name != DEAD_QUEUE && !faults.is_empty() {
            let message = format!("{name}: {}", faults.join("; "));
            Finding::warn(ABOUT, message).remedy(SET.to_owned())
        } else if name == DEAD_QUEUE
            && let Some(fault) = of_dead(policy, release)
        {
            let message = format!("{DEAD_QUEUE} can lose messages: {fault}");
            Finding::fail(ABOUT, message).remedy(SET.to_owned())
        } else {
            right = true;
            continue;
        };
        findings.push(finding);
    }
    if findings.is_empty() && right {
        findings.push(Finding::ok(ABOUT, "the policies of its queues are right"));
    }
    findings
}

fn is_ours(queue: &str) -> bool {
    let number = queue.strip_prefix(EVENTS_EXCHANGE);
    let number = number.and_then(|rest| rest.strip_prefix('.'));
    queue == DEAD_QUEUE
        || queue.starts_with(&own_queue(""))
        || number.is_some_and(|number| number.parse::<u16>().is_ok())
}

fn of_events(policy: &Value) -> Vec<&'static str> {
    let is = |key: &str, value: &str| policy.get(key).and_then(Value::as_str) == Some(value);
    let mut faults = Vec::new();
    if !is("dead-letter-strategy", "at-least-once") || !is("overflow", "reject-publish") {
        faults.push(
            "no at-least-once dead-lettering with reject-publish: messages that the broker \
             dead-letters may be lost on their way to waybill.dead",
        );
    }
    if policy.get("max-length-bytes").is_none() {
        faults.push("no max-length-bytes: it may fill the broker's disk");
    }
    faults
}

fn of_dead(policy: &Value, release: (u32, u32)) -> Option<String> {
    let limit = policy.get("delivery-limit").and_then(Value::as_i64);
    match limit {
        Some(limit) if limit >= 0 => {
            return Some(format!("a message is dropped after {limit} deliveries"));
        }
        None if release >= RELEASE_WITH_LIMIT => {
            return Some("a message is dropped after 20 deliveries, RabbitMQ's default".to_owned());
        }
        Some(_) | None => {}
    }
    let drops = ["message-ttl", "expires", "max-length", "max-length-bytes"];
    let rejects = policy.get("overflow").and_then(Value::as_str) == Some("reject-publish");
    let drops = drops
        .into_iter()
        .filter(|key| !(rejects && key.starts_with("max")))
        .find(|key| policy.get(key).is_some())?;
    Some(format!("its policy has {drops}"))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;
    use crate::cli::doctor::tests::check;

    fn queue(name: &str, policy: serde_json::Value) -> Queue {
        Queue {
            name: name.to_owned(),
            effective_policy_definition: policy,
        }
    }

    #[test]
    fn a_policy_that_is_not_shown_is_not_judged() {
        let foreign = queue("foreign", json!([]));
        check(judge(&[foreign], (4, 0)), expect![""]);
        let dead = queue("waybill.dead", serde_json::Value::Null);
        check(
            judge(&[dead], (4, 0)),
            expect![[r#"
                note  broker    the policy of waybill.dead is not known yet
                                RabbitMQ has just started: run `waybill doctor` again in a moment
            "#]],
        );
    }

    #[test]
    fn policies_under_which_messages_can_be_lost_are_named() {
        let events = json!({"delivery-limit": 20, "dead-letter-strategy": "at-least-once",
                            "overflow": "reject-publish", "max-length-bytes": 1});
        let dead = |policy| queue("waybill.dead", policy);
        let right = [
            queue("waybill.events.0", events),
            dead(json!({"delivery-limit": -1})),
        ];
        check(
            judge(&right, (4, 0)),
            expect![[r#"
            ok    broker    the policies of its queues are right
        "#]],
        );
        check(
            judge(&[dead(json!([]))], (3, 10)),
            expect![[r#"
            ok    broker    the policies of its queues are right
        "#]],
        );
        let wrong = [
            queue("waybill.events.0", json!([])),
            queue("waybill.events.hash", json!([])),
            dead(json!([])),
            dead(json!({"delivery-limit": 3})),
            dead(json!({"delivery-limit": -1, "message-ttl": 5})),
            dead(json!({"delivery-limit": -1, "max-length": 5})),
        ];
        check(
            judge(&wrong, (4, 1)),
            expect![[r#"
                warn  broker    waybill.events.0: no at-least-once dead-lettering with reject-publish: messages that the broker dead-letters may be lost on their way to waybill.dead; no max-length-bytes: it may fill the broker's disk
                                `deploy/rabbitmq/permissions.sh policy` sets them
                FAIL  broker    waybill.dead can lose messages: a message is dropped after 20 deliveries, RabbitMQ's default
                                `deploy/rabbitmq/permissions.sh policy` sets them
                FAIL  broker    waybill.dead can lose messages: a message is dropped after 3 deliveries
                                `deploy/rabbitmq/permissions.sh policy` sets them
                FAIL  broker    waybill.dead can lose messages: its policy has message-ttl
                                `deploy/rabbitmq/permissions.sh policy` sets them
                FAIL  broker    waybill.dead can lose messages: its policy has max-length
                                `deploy/rabbitmq/permissions.sh policy` sets them
            "#]],
        );
    }
}
