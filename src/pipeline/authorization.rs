//! Who published a delivery, as the broker has authenticated it, and whether that publisher has a
//! right to the tenant of the event.
//!
//! The broker names the exchange to which a message was first published, and refuses a message with
//! another user's `user_id`; nothing else in a message says who sent it.

use std::borrow::Cow;
use std::sync::Arc;

use tokio::sync::watch;

use crate::broker::tenant_exchanges::{events_exchange, tenant_of};
use crate::broker::{Delivery, HeaderValue, Outgoing, topology};
use crate::config::{TenancyMode, TenancySettings};
use crate::domain::tenancy::{Claim, Publisher, Tenancy, matches};
use crate::store::write::dead_letter::DeadLetter;
use crate::wire::Limits;

/// The headers of a replay that say to which exchange, and by whom, the message was published at
/// first. They count only on Waybill's own exchange.
const ORIGIN_EXCHANGE: &str = "x-waybill-exchange";
const ORIGIN_USER: &str = "x-waybill-user";

/// Replies may not look like Waybill's own messages.
const OWN_QUEUES: &str = "waybill.*";

/// Decides with the rules as they were some seconds ago at most.
#[derive(Debug, Clone)]
pub struct Authorization {
    tenancy: watch::Receiver<Arc<Tenancy>>,
    mode: Option<TenancyMode>,
    reply_to: Arc<[String]>,
}

/// The right of a publisher to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Right {
    /// It has one, or none is needed.
    Granted,
    /// It has none, which only counts.
    Observed,
    /// It has none: why.
    Refused(String),
}

/// The rules by which a delivery becomes an event.
#[derive(Debug, Clone)]
pub struct EventRules {
    /// The size limits of an event.
    pub limits: Limits,
    /// Who may publish what.
    pub authorization: Authorization,
}

impl Authorization {
    /// Decides by these settings and by rules that stay the same.
    #[must_use]
    pub fn fixed(settings: &TenancySettings, tenancy: Tenancy) -> Self {
        Self::new(settings, watch::channel(Arc::new(tenancy)).1)
    }

    /// Decides by these settings and the rules of the database.
    #[must_use]
    pub fn new(settings: &TenancySettings, tenancy: watch::Receiver<Arc<Tenancy>>) -> Self {
        let patterns = settings.reply_to.split(',').map(str::trim);
        let patterns = patterns.filter(|pattern| !pattern.is_empty());
        Self {
            tenancy,
            mode: settings.mode,
            reply_to: patterns.map(str::to_owned).collect(),
        }
    }

    /// The tenants with exchanges of their own, now and after each change.
    pub(super) fn tenants(&self) -> watch::Receiver<Arc<Tenancy>> {
        self.tenancy.clone()
    }

    /// Whether the publisher has a right to such an event.
    pub(super) fn check(&self, publisher: &Publisher, claim: Claim<'_>) -> Right {
        let tenancy = self.tenancy.borrow();
        let mode = self.mode.unwrap_or(match tenancy.is_used() {
            true => TenancyMode::Enforce,
            false => TenancyMode::Shared,
        });
        if mode == TenancyMode::Shared {
            return Right::Granted;
        }
        match (tenancy.check(publisher, claim), mode) {
            (Ok(()), _) | (Err(_), TenancyMode::Shared) => Right::Granted,
            (Err(_), TenancyMode::Observe) => Right::Observed,
            (Err(why), TenancyMode::Enforce) => Right::Refused(why),
        }
    }

    /// Whether replies may be sent to this queue.
    pub(super) fn allows_reply_to(&self, queue: &str) -> bool {
        !matches(OWN_QUEUES, queue) && self.reply_to.iter().any(|pattern| matches(pattern, queue))
    }
}

/// Adds to the replay of a dead letter who published it at first. What a producer has claimed of that
/// is removed.
pub(super) fn keep_origin(message: &mut Outgoing, dead_letter: &DeadLetter, user: Option<String>) {
    let headers = &mut message.properties.headers;
    let has_origin = |(name, _): &(String, HeaderValue)| name == ORIGIN_EXCHANGE;
    if dead_letter.exchange == topology::INTERNAL_EXCHANGE && headers.iter().any(has_origin) {
        return;
    }
    set_origin(message, &dead_letter.exchange, user);
}

/// Makes the replay of a dead letter an event of this tenant, by any publisher.
pub(super) fn set_tenant(message: &mut Outgoing, tenant: &str) {
    set_origin(message, &events_exchange(tenant), None);
}

fn set_origin(message: &mut Outgoing, exchange: &str, user: Option<String>) {
    let headers = &mut message.properties.headers;
    headers.retain(|(name, _)| name != ORIGIN_EXCHANGE && name != ORIGIN_USER);
    let exchange = Some((ORIGIN_EXCHANGE, exchange.to_owned()));
    let origin = exchange
        .into_iter()
        .chain(user.map(|user| (ORIGIN_USER, user)));
    headers.extend(origin.map(|(name, text)| (name.to_owned(), HeaderValue::Text(text))));
}

/// Who published a delivery.
pub(super) fn publisher(delivery: &Delivery) -> Publisher {
    let Delivery {
        exchange,
        properties,
        ..
    } = delivery;
    let user = properties.user_id.clone();
    if exchange != topology::INTERNAL_EXCHANGE {
        return by(exchange, user);
    }
    let header = |name| properties.header(name).and_then(HeaderValue::as_text);
    let Some(origin) = header(ORIGIN_EXCHANGE) else {
        return Publisher::Waybill;
    };
    by(&origin, header(ORIGIN_USER).map(Cow::into_owned))
}

fn by(exchange: &str, user: Option<String>) -> Publisher {
    match tenant_of(exchange) {
        Some(tenant) => Publisher::Tenant(tenant),
        None if exchange == topology::INTERNAL_EXCHANGE => Publisher::Waybill,
        None => Publisher::User(user),
    }
}
