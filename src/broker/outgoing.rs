//! A message to publish.

use super::Properties;
use super::message::{Delivery, is_repaired};

/// The name Waybill publishes under.
pub const APP_ID: &str = "waybill";
/// The delivery mode of a message that survives a restart of the broker.
const PERSISTENT: u8 = 2;

/// A message to publish.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// The exchange to publish to; empty for the default one, whose routing keys are queues.
    pub exchange: String,
    /// The routing key.
    pub routing_key: String,
    /// The properties and headers.
    pub properties: Properties,
    /// The bytes.
    pub body: Vec<u8>,
}

impl Outgoing {
    /// A persistent message from Waybill. The `message_id` is required: without it, the messages of
    /// a batch differ only by their destinations.
    #[must_use]
    pub fn new(exchange: &str, routing_key: &str, message_id: &str, body: Vec<u8>) -> Self {
        Self {
            exchange: exchange.to_owned(),
            routing_key: routing_key.to_owned(),
            properties: Properties {
                message_id: Some(message_id.to_owned()),
                app_id: Some(APP_ID.to_owned()),
                delivery_mode: Some(PERSISTENT),
                ..Properties::default()
            },
            body,
        }
    }

    /// A dead letter to publish again, as its producer sent it.
    ///
    /// It omits what would make the broker refuse it (another user's name), drop it (its
    /// expiration, and the headers of earlier dead-lettering), or route it to more than this
    /// destination.
    #[must_use]
    pub fn replay(
        exchange: &str,
        routing_key: &str,
        properties: Properties,
        body: Vec<u8>,
    ) -> Self {
        let mut properties = Properties {
            user_id: None,
            expiration: None,
            delivery_mode: Some(PERSISTENT),
            ..properties
        };
        properties
            .headers
            .retain(|(name, _)| !is_added_by_broker(name) && !sends_copies(name));
        Self {
            exchange: exchange.to_owned(),
            routing_key: routing_key.to_owned(),
            properties,
            body,
        }
    }
}

/// Whether the broker adds a header of that name when it redelivers or dead-letters a message: it
/// differs between deliveries of the same message.
#[must_use]
pub fn is_added_by_broker(header: &str) -> bool {
    const PREFIXES: [&str; 3] = ["x-death", "x-first-death-", "x-last-death-"];
    const NAMES: [&str; 2] = ["x-delivery-count", "x-acquired-count"];
    NAMES.contains(&header) || PREFIXES.iter().any(|prefix| header.starts_with(prefix))
}

fn sends_copies(header: &str) -> bool {
    ["CC", "BCC"].contains(&header)
}

impl From<Outgoing> for Delivery {
    /// The delivery that a consumer would receive, for a dry run.
    fn from(from: Outgoing) -> Self {
        Self {
            tag: 0,
            redelivered: false,
            malformed: is_repaired(&from.routing_key) || from.properties.is_repaired(),
            exchange: from.exchange,
            routing_key: from.routing_key,
            body: from.body,
            properties: from.properties,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_keeps_what_the_producer_set_and_drops_what_the_broker_added() {
        let properties = Properties {
            user_id: Some("someone".to_owned()),
            expiration: Some("1000".to_owned()),
            app_id: Some("shop".to_owned()),
            headers: ["x-death", "x-first-death-queue", "CC", "tenant"]
                .map(|name| (name.to_owned(), "v".into()))
                .to_vec(),
            ..Properties::default()
        };
        let again = Outgoing::replay("e", "k", properties, Vec::new()).properties;
        assert_eq!((again.user_id, again.expiration), (None, None));
        assert_eq!(
            (again.app_id.as_deref(), again.delivery_mode),
            (Some("shop"), Some(2))
        );
        assert_eq!(again.headers, [("tenant".to_owned(), "v".into())]);
    }
}
