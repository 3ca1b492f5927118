//! Converts a received message to a dead letter, and back for a replay.

use ring::digest::{SHA256, digest};
use serde_json::json;
use uuid::Uuid;

use super::{authorization, properties};
use crate::broker::outgoing::is_added_by_broker;
use crate::broker::{Delivery, HeaderValue, Outgoing, Properties, topology};
use crate::domain::Event;
use crate::store::write::dead_letter::DeadLetter;
use crate::wire::{CutBody, Problem, Reason, Rejection};

/// How much of a text field is kept in its column; the raw bytes are kept whole.
const PART_CHARS_MAX: usize = 255;
/// How many bytes are kept of a body that is too large.
const CUT_BYTES: usize = 64 << 10;

/// The dead letter of a refused message. A body over `body_max` bytes is truncated.
pub(super) fn of(
    delivery: &Delivery,
    queue: &str,
    rejection: Rejection,
    body_max: usize,
) -> DeadLetter {
    let properties = properties::to_json(&delivery.properties);
    let headers = &delivery.properties.headers;
    let cut = (delivery.body.len() > body_max).then(|| cut(&delivery.body));
    let kept = match cut {
        Some(_) => delivery.body.get(..CUT_BYTES.min(body_max)),
        None => None,
    };
    let mut problem = json!(rejection.problem);
    if let Some(cut) = &cut
        && let Some(members) = problem.as_object_mut()
    {
        members.insert("body".to_owned(), json!(cut));
    }
    DeadLetter {
        id: fingerprint(delivery, &properties, cut.as_ref()),
        reason: rejection.reason.name().to_owned(),
        problem: problem.to_string(),
        tenant: rejection.tenant.as_deref().map(clean),
        token: rejection.token.as_deref().map(clean),
        source: rejection.source.as_deref().map(clean),
        event_id: rejection.id.as_deref().map(clean),
        type_name: rejection.type_.as_deref().map(clean),
        exchange: clean(&delivery.exchange),
        routing_key: clean(&delivery.routing_key),
        queue: queue.to_owned(),
        properties,
        headers: properties::headers_to_json(headers),
        body: kept.unwrap_or(&delivery.body).to_vec(),
    }
}

fn cut(body: &[u8]) -> CutBody {
    let hash = digest(&SHA256, body);
    let hex = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
    CutBody {
        bytes: body.len() as u64,
        sha256: hex.collect(),
    }
}

/// The rejection of an event that was decoded.
pub(super) fn refusal(event: &Event, type_name: &str, reason: Reason, detail: String) -> Rejection {
    Rejection {
        reason,
        problem: Problem::new(reason, detail),
        tenant: Some(event.tenant.clone()),
        token: Some(event.token.clone()),
        source: Some(event.stamp.source.clone()),
        id: Some(event.stamp.id.clone()),
        type_: Some(type_name.to_owned()),
    }
}

/// The rejection of a message whose properties the client library can't read: two different ones
/// may be equal after the repair, so none of them may count as an identity.
pub(super) fn malformed(delivery: &Delivery) -> Rejection {
    let detail = "a property or header name is not UTF-8; publish texts as UTF-8";
    Rejection {
        reason: Reason::Undecodable,
        problem: Problem::new(Reason::Undecodable, detail.to_owned()),
        ..dead_lettered(delivery)
    }
}

/// The rejection of a message that the broker dead-lettered; its `x-death` header says why.
pub(super) fn dead_lettered(delivery: &Delivery) -> Rejection {
    let (reason, detail) = match death_reason(&delivery.properties) {
        Some("delivery_limit") => (
            Reason::DeliveryLimit,
            "it was delivered as often as the queue's policy allows and never finished",
        ),
        Some("expired") => (
            Reason::Expired,
            "it stayed in its queue past its time to live",
        ),
        Some(_) | None => (Reason::Rejected, "a consumer or a full queue rejected it"),
    };
    let properties = &delivery.properties;
    Rejection {
        reason,
        problem: Problem::new(reason, detail.to_owned()),
        tenant: None,
        token: properties.correlation_id.clone(),
        source: properties.app_id.clone(),
        id: properties.message_id.clone(),
        type_: properties.type_.clone(),
    }
}

/// Drops what the message said: of an event of an erased process only its identity is kept.
pub(super) fn forget_contents(dead_letter: &mut DeadLetter) {
    dead_letter.properties = properties::to_json(&Properties::default());
    dead_letter.headers = properties::headers_to_json(&[]);
    dead_letter.body = Vec::new();
}

/// The message as it was sent, for Waybill's own exchange of events and with its origin, or Waybill's
/// own undeliverable message for its original exchange; `None` if the dead letter is damaged, or its
/// body was truncated or not kept.
pub(super) fn replay(dead_letter: &DeadLetter) -> Option<Outgoing> {
    let is_erased = dead_letter.reason == Reason::Erased.name();
    if is_erased || CutBody::of_problem(&dead_letter.problem).is_some() {
        return None;
    }
    let properties = properties::from_json(&dead_letter.properties, &dead_letter.headers)?;
    let is_event = dead_letter.reason != Reason::Undeliverable.name();
    let exchange = match is_event {
        true => topology::INTERNAL_EXCHANGE,
        false => &dead_letter.exchange,
    };
    let user = properties.user_id.clone();
    let body = dead_letter.body.clone();
    let mut message = Outgoing::replay(exchange, &dead_letter.routing_key, properties, body);
    if is_event {
        authorization::keep_origin(&mut message, dead_letter, user);
    }
    Some(message)
}

/// The same for every delivery of one message: headers that the broker adds on delivery or
/// dead-lettering are left out. A message that is dead-lettered twice is one dead letter; a replay
/// is marked, and so is another message.
fn fingerprint(delivery: &Delivery, properties: &str, cut: Option<&CutBody>) -> Uuid {
    let Delivery {
        exchange,
        routing_key,
        body,
        ..
    } = delivery;
    let headers = delivery.properties.headers.iter();
    let sent: Vec<_> = headers
        .filter(|(name, _)| !is_added_by_broker(name))
        .cloned()
        .collect();
    let headers = properties::headers_to_json(&sent);
    let parts = [
        exchange.as_bytes(),
        routing_key.as_bytes(),
        properties.as_bytes(),
        headers.as_bytes(),
        cut.map_or(body, |cut| cut.sha256.as_bytes()),
    ];
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &parts.join(&0))
}

/// PostgreSQL keeps no NUL in a text; the raw bytes are kept apart.
fn clean(part: &str) -> String {
    let kept = part.chars().take(PART_CHARS_MAX);
    kept.map(|c| {
        if c == '\0' {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    })
    .collect()
}

fn death_reason(properties: &Properties) -> Option<&str> {
    let Some(HeaderValue::List(deaths)) = properties.header("x-death") else {
        return None;
    };
    let Some(HeaderValue::Table(latest)) = deaths.first() else {
        return None;
    };
    latest.iter().find_map(|(name, value)| match value {
        HeaderValue::Text(reason) if name == "reason" => Some(reason.as_str()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        let headers = vec![
            ("text".to_owned(), HeaderValue::Text("a".into())),
            ("bool".to_owned(), HeaderValue::Bool(true)),
            ("int".to_owned(), HeaderValue::Int(-7)),
            ("uint".to_owned(), HeaderValue::Uint(7)),
            ("float".to_owned(), HeaderValue::Float(0.1)),
            ("time".to_owned(), HeaderValue::Timestamp(1_700_000_000)),
            ("none".to_owned(), HeaderValue::Void),
            ("bytes".to_owned(), HeaderValue::Bytes(vec![0, 255])),
            (
                "decimal".to_owned(),
                HeaderValue::Decimal {
                    scale: 2,
                    value: 314,
                },
            ),
            (
                "list".to_owned(),
                HeaderValue::List(vec![HeaderValue::Int(1)]),
            ),
            (
                "table".to_owned(),
                HeaderValue::Table(vec![("k".into(), HeaderValue::Void)]),
            ),
        ];
        Delivery {
            tag: 1,
            redelivered: false,
            malformed: false,
            exchange: "waybill.events".into(),
            routing_key: "upload.step".into(),
            body: vec![0, 159, 146, 150],
            properties: Properties {
                message_id: Some("m".into()),
                delivery_mode: Some(2),
                headers,
                ..Properties::default()
            },
        }
    }

    #[test]
    fn a_dead_letter_restores_every_property_and_every_kind_of_header() {
        let delivery = delivery();
        let dead_letter = of(&delivery, "waybill.events.0", dead_lettered(&delivery), 9);
        let mut message = replay(&dead_letter).unwrap();
        message
            .properties
            .headers
            .sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut sent = delivery.properties;
        let origin = ("x-waybill-exchange".to_owned(), "waybill.events".into());
        sent.headers.push(origin);
        sent.headers.sort_by(|(a, _), (b, _)| a.cmp(b));
        assert_eq!(message.properties, sent);
        assert_eq!(message.body, dead_letter.body);
    }

    #[test]
    fn a_redelivery_is_the_same_dead_letter_and_another_body_is_another() {
        let first = delivery();
        let mut again = delivery();
        again.redelivered = true;
        again.tag = 9;
        let mut other = delivery();
        other.body.push(1);
        let id = |delivery: &Delivery| of(delivery, "q", dead_lettered(delivery), 9).id;
        for added in ["x-delivery-count", "x-acquired-count", "x-death"] {
            let added = (added.to_owned(), HeaderValue::Int(2));
            again.properties.headers.push(added);
        }
        assert_eq!(id(&first), id(&again));
        assert_ne!(id(&first), id(&other));
    }

    #[test]
    fn a_body_that_is_too_large_is_truncated_and_hashed_and_cannot_be_replayed() {
        let delivery = |last: u8| {
            let mut body = vec![b'x'; CUT_BYTES];
            body.push(last);
            Delivery { body, ..delivery() }
        };
        let dead_letter = |last| {
            of(
                &delivery(last),
                "q",
                dead_lettered(&delivery(last)),
                CUT_BYTES,
            )
        };
        let kept = dead_letter(b'1');
        assert_eq!(kept.body.len(), CUT_BYTES);
        let cut = CutBody::of_problem(&kept.problem).unwrap();
        assert_eq!(cut.bytes, 65_537);
        assert_eq!(cut.sha256.len(), 64);
        assert_eq!(replay(&kept), None);
        assert_eq!(kept.id, dead_letter(b'1').id);
        assert_ne!(kept.id, dead_letter(b'2').id);
    }
}
