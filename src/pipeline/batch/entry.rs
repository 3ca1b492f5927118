//! One delivery of a batch: received, decoded, and unacknowledged until the batch has committed.

use jiff::Timestamp;
use serde_json::json;

use super::event::BatchEvent;
use crate::broker::{Delivery, HeaderValue};
use crate::domain::ProcessKey;
use crate::domain::tenancy::{Claim, Publisher};
use crate::pipeline::authorization::{self, EventRules, Right};
use crate::pipeline::dead_letter;
use crate::store::write::dead_letter::DeadLetter;
use crate::store::write::event::NewEvent;
use crate::wire::{self, Accepted, Limits, Message, Reason, Rejection};

/// A delivery and what it was decoded to.
#[derive(Debug)]
pub(in crate::pipeline) struct Entry {
    pub(in crate::pipeline) delivery: Box<Delivery>,
    pub(in crate::pipeline) content: Content,
}

/// What is counted about an event that is applied.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::pipeline) struct Remarks {
    /// Its trace context was invalid.
    pub(in crate::pipeline) trace_ignored: bool,
    /// Its publisher had no right to its tenant.
    pub(in crate::pipeline) unauthorized: bool,
    /// Replies to its queue are not allowed.
    pub(in crate::pipeline) reply_to_ignored: bool,
}

/// The decoded content of a delivery.
#[derive(Debug)]
pub(in crate::pipeline) enum Content {
    /// An event.
    Event(Box<BatchEvent>),
    /// A message that can't be applied.
    Dead(Box<DeadLetter>),
}

impl Entry {
    /// Decodes an event; a message that can't be decoded, or whose publisher may not publish it,
    /// becomes a dead letter.
    pub(in crate::pipeline) fn event(
        delivery: Box<Delivery>,
        queue: &str,
        rules: &EventRules,
        now: Timestamp,
    ) -> (Self, Remarks) {
        let limits = &rules.limits;
        if delivery.malformed {
            let malformed = dead_letter::malformed(&delivery);
            let entry = Self::rejected(delivery, queue, malformed, limits);
            return (entry, Remarks::default());
        }
        match read(&delivery, rules, now) {
            Ok((accepted, remarks)) => {
                let content = event_content(accepted);
                (Self { delivery, content }, remarks)
            }
            Err(rejection) => {
                let entry = Self::rejected(delivery, queue, *rejection, limits);
                (entry, Remarks::default())
            }
        }
    }

    /// An entry for a message that the broker dead-lettered.
    pub(in crate::pipeline) fn dead(delivery: Box<Delivery>, queue: &str, limits: &Limits) -> Self {
        let rejection = dead_letter::dead_lettered(&delivery);
        Self::rejected(delivery, queue, rejection, limits)
    }

    /// The dead letter replaces the body, which may be larger than the part that is kept.
    fn rejected(
        mut delivery: Box<Delivery>,
        queue: &str,
        rejection: Rejection,
        limits: &Limits,
    ) -> Self {
        let dead_letter = dead_letter::of(&delivery, queue, rejection, limits.body_bytes);
        delivery.body = Vec::new();
        let content = Content::Dead(Box::new(dead_letter));
        Self { delivery, content }
    }

    /// Turns an event that can't be applied into a dead letter.
    pub(in crate::pipeline) fn refuse(&mut self, queue: &str, reason: Reason, detail: String) {
        if let Some(dead_letter) = self.dead_letter(queue, reason, detail) {
            self.content = Content::Dead(Box::new(dead_letter));
        }
    }

    /// The dead letter of an event that can't be applied.
    pub(in crate::pipeline) fn dead_letter(
        &self,
        queue: &str,
        reason: Reason,
        detail: String,
    ) -> Option<DeadLetter> {
        let event = &self.as_event()?.new;
        let rejection = dead_letter::refusal(&event.event, event.type_name, reason, detail);
        // It was decoded, so its body is within the limit.
        Some(dead_letter::of(
            &self.delivery,
            queue,
            rejection,
            usize::MAX,
        ))
    }

    /// The dead letter of an event that was refused.
    pub(super) fn refused(&self, queue: &str) -> Option<DeadLetter> {
        let refused = self.as_event()?.outcome.as_ref().err()?;
        let mut dead_letter = self.dead_letter(queue, refused.reason, refused.detail.clone())?;
        dead_letter.problem = json!(refused.problem()).to_string();
        if refused.reason == Reason::Erased {
            dead_letter::forget_contents(&mut dead_letter);
        }
        Some(dead_letter)
    }

    /// The process of an opening that was refused.
    pub(super) fn refused_opening(&self) -> Option<ProcessKey> {
        let event = self.as_event()?;
        let refused = event.outcome.as_ref().err()?;
        // The others are applied by a replay, once their cause is gone.
        let is_final = matches!(
            refused.reason,
            Reason::Gone | Reason::Erased | Reason::KindMismatch | Reason::IdentityConflict
        );
        (is_final && event.new.event.opens()).then_some(event.new.key)
    }

    /// The dead letter that a parked event may become later; its reason is set then.
    pub(super) fn kept(&self, queue: &str) -> Option<(ProcessKey, DeadLetter)> {
        let event = self.as_event().filter(|event| event.is_kept)?;
        let dead_letter = self.dead_letter(queue, Reason::StageNotReached, String::new())?;
        Some((event.new.key, dead_letter))
    }

    /// Which of `shares` shares it belongs to: all events of a process share one, a dead letter may
    /// be in any.
    pub(in crate::pipeline) fn share(&self, shares: usize) -> usize {
        let key = self.as_event().map_or(0, |event| event.new.key.0.as_u128());
        key.checked_rem(shares as u128).unwrap_or(0) as usize
    }

    pub(in crate::pipeline) fn as_event(&self) -> Option<&BatchEvent> {
        match &self.content {
            Content::Event(event) => Some(event),
            Content::Dead(_) => None,
        }
    }

    pub(super) fn as_event_mut(&mut self) -> Option<&mut BatchEvent> {
        match &mut self.content {
            Content::Event(event) => Some(event),
            Content::Dead(_) => None,
        }
    }

    pub(in crate::pipeline) fn as_dead_letter(&self) -> Option<&DeadLetter> {
        match &self.content {
            Content::Event(_) => None,
            Content::Dead(dead_letter) => Some(dead_letter),
        }
    }

    /// How many bytes of a body it keeps in memory.
    pub(in crate::pipeline) fn bytes(&self) -> usize {
        let dead_letter = self
            .as_dead_letter()
            .map_or(0, |dead_letter| dead_letter.body.len());
        self.delivery.body.len() + dead_letter
    }

    /// The event's type, as a metric label.
    pub(in crate::pipeline) fn type_name(&self) -> &'static str {
        match &self.content {
            Content::Event(event) => event.new.type_name,
            Content::Dead(dead_letter) => wire::type_label(dead_letter.type_name.as_deref()),
        }
    }
}

/// Decodes an event for the tenant of its publisher, and checks the rights of that publisher.
fn read(
    delivery: &Delivery,
    rules: &EventRules,
    now: Timestamp,
) -> Result<(Accepted, Remarks), Box<Rejection>> {
    let publisher = authorization::publisher(delivery);
    let headers = headers(delivery);
    let message = Message {
        tenant: match &publisher {
            Publisher::Tenant(tenant) => Some(tenant),
            Publisher::User(_) | Publisher::Waybill => None,
        },
        ..message(delivery, &headers)
    };
    let mut accepted = wire::decode(&message, &rules.limits, now)?;
    let (event, type_name) = (&accepted.event, accepted.type_name);
    let claim = Claim {
        tenant: &event.tenant,
        source: &event.stamp.source,
        type_name,
    };
    let right = rules.authorization.check(&publisher, claim);
    if let Right::Refused(why) = &right {
        let refused = dead_letter::refusal(event, type_name, Reason::NotAllowed, why.clone());
        // It is not that tenant's.
        let tenant = None;
        return Err(Box::new(Rejection { tenant, ..refused }));
    }
    let queue = accepted.reply_to.as_deref();
    let reply_to_ignored = queue.is_some_and(|it| !rules.authorization.allows_reply_to(it));
    if reply_to_ignored {
        accepted.drop_reply_to();
    }
    let remarks = Remarks {
        trace_ignored: accepted.trace_ignored,
        unauthorized: right == Right::Observed,
        reply_to_ignored,
    };
    Ok((accepted, remarks))
}

fn event_content(accepted: Accepted) -> Content {
    let event = NewEvent {
        key: accepted.event.key(),
        event: accepted.event,
        type_name: accepted.type_name,
        time_given: accepted.time_given,
        data: accepted.data,
    };
    let token_requested = accepted.derived_token && accepted.reply_to.is_some();
    Content::Event(Box::new(BatchEvent::new(event, token_requested)))
}

fn headers(delivery: &Delivery) -> Vec<(&str, wire::HeaderValue<'_>)> {
    let headers = delivery.properties.headers.iter();
    let headers = headers.map(|(name, value)| {
        let value = match value {
            HeaderValue::Text(text) => wire::HeaderValue::Text(text),
            HeaderValue::Int(value) => wire::HeaderValue::Integer(*value),
            HeaderValue::Uint(value) => {
                i64::try_from(*value).map_or(wire::HeaderValue::Other, wire::HeaderValue::Integer)
            }
            HeaderValue::Bool(_)
            | HeaderValue::Float(_)
            | HeaderValue::Decimal { .. }
            | HeaderValue::Bytes(_)
            | HeaderValue::Timestamp(_)
            | HeaderValue::List(_)
            | HeaderValue::Table(_)
            | HeaderValue::Void => wire::HeaderValue::Other,
        };
        (name.as_str(), value)
    });
    headers.collect()
}

fn message<'a>(
    delivery: &'a Delivery,
    headers: &'a [(&'a str, wire::HeaderValue<'a>)],
) -> Message<'a> {
    let properties = &delivery.properties;
    Message {
        body: &delivery.body,
        routing_key: &delivery.routing_key,
        content_type: properties.content_type.as_deref(),
        content_encoding: properties.content_encoding.as_deref(),
        message_id: properties.message_id.as_deref(),
        correlation_id: properties.correlation_id.as_deref(),
        reply_to: properties.reply_to.as_deref(),
        type_: properties.type_.as_deref(),
        app_id: properties.app_id.as_deref(),
        timestamp: properties.timestamp,
        headers,
        tenant: None,
    }
}
