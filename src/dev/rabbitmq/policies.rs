//! The policies of the queues, as `deploy/rabbitmq/permissions.sh policy` sets them.

use serde_json::{Value, json};

/// The maximum bytes of bodies in a private server's event queue; a laptop has less disk space.
const EVENTS_BYTES: u64 = 1 << 30;

/// Definitions for `rabbitmqctl import_definitions`, for a virtual host of a server of that
/// version.
pub(super) fn definitions(version: &str, vhost: &str) -> Value {
    // Before 4.0 there is no limit unless a policy sets one, and -1 is refused.
    let dead = match version.starts_with("3.") {
        true => json!({ "overflow": "reject-publish" }),
        false => json!({ "overflow": "reject-publish", "delivery-limit": -1 }),
    };
    let events = json!({
        "delivery-limit": 20,
        "dead-letter-strategy": "at-least-once",
        "overflow": "reject-publish",
        "max-length-bytes": EVENTS_BYTES,
    });
    let policy = |name: &str, pattern: &str, definition: Value| {
        json!({
            "vhost": vhost, "name": name, "pattern": pattern, "definition": definition,
            "priority": 10, "apply-to": "queues",
        })
    };
    json!({ "policies": [
        policy("waybill", r"^waybill\.events\.([0-9]+|tenant\.[^.]+)$", events),
        policy("waybill-dead", r"^waybill\.dead$", dead),
    ] })
}
