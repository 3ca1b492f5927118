//! The exchanges of one tenant: what is published to `waybill.tenant.NAME.events` is that tenant's,
//! and `waybill.tenant.NAME.completions` and `.stages` carry only what concerns it. So the broker's
//! permissions on `waybill.tenant.NAME.…` are all that a tenant needs.
//!
//! Behind the shared exchange of completions, as behind that of stages, a headers exchange selects
//! by the header `tenant`; routing keys stay the same.
//!
//! Behind the exchange of the tenant's events is one whose alternate is the shared exchange: as long
//! as no queue of the tenant's own is bound to it, events take that way. So one binding moves a
//! tenant ([`tenant_queue`](super::tenant_queue)), and no event is lost or doubled. Its name lies
//! outside of those that a tenant's services have permissions for.

use lapin::{
    Channel, ExchangeKind,
    types::{AMQPValue, FieldTable, LongString},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::topology::{
    self, COMPLETIONS_EXCHANGE, EVENTS_EXCHANGE, STAGES_EXCHANGE, bind_exchange, unbind_exchange,
};
use super::{BrokerError, Connection};

/// What is encoded in names of exchanges.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_');
const PREFIX: &str = "waybill.tenant.";
const EVENTS: &str = ".events";
/// The header that a headers exchange selects by.
const TENANT: &str = "tenant";

/// The longest tenant with exchanges: AMQP limits an exchange's name to 255 bytes.
pub const ENCODED_BYTES_MAX: usize = 200;

/// A tenant's name as a part of an exchange's name: letters, digits, `-` and `_` stay, every other
/// byte becomes `%` and two digits.
#[must_use]
pub fn encoded(tenant: &str) -> String {
    utf8_percent_encode(tenant, &ENCODED).to_string()
}

/// The exchange to which a tenant's producers publish.
#[must_use]
pub fn events_exchange(tenant: &str) -> String {
    exchange(tenant, "events")
}

/// The exchange of a tenant's completions.
#[must_use]
pub fn completions_exchange(tenant: &str) -> String {
    exchange(tenant, "completions")
}

/// The queue that a tenant can have of its own. The exchange that its events reach it by has the same
/// name.
#[must_use]
pub fn own_queue(tenant: &str) -> String {
    [EVENTS_EXCHANGE, ".tenant.", &encoded(tenant)].concat()
}

/// The tenant to whose exchange of events a message was published, if it was to one.
#[must_use]
pub fn tenant_of(exchange: &str) -> Option<String> {
    let encoded = exchange.strip_prefix(PREFIX)?.strip_suffix(EVENTS)?;
    let tenant = percent_decode_str(encoded).decode_utf8().ok()?;
    // An exchange that an operator declared by hand under another spelling is no tenant's.
    let is_spelt_so = !tenant.is_empty() && events_exchange(&tenant) == exchange;
    is_spelt_so.then(|| tenant.into_owned())
}

/// Declares the exchanges of a tenant and what leads to them. Repeating it changes nothing.
///
/// # Errors
///
/// As for [`declare`](topology::declare).
pub async fn declare(conn: &Connection, tenant: &str) -> Result<(), BrokerError> {
    let channel = conn.channel().await?;
    let events = events_exchange(tenant);
    declare_topic(&channel, EVENTS_EXCHANGE).await?;
    declare_topic(&channel, &events).await?;
    declare_routing(&channel, tenant).await?;
    bind_exchange(&channel, &events, &own_queue(tenant), FieldTable::default()).await?;
    // How tenants were bound before they could have queues.
    unbind_exchange(&channel, &events, EVENTS_EXCHANGE).await?;
    for (shared, name) in [
        (COMPLETIONS_EXCHANGE, "completions"),
        (STAGES_EXCHANGE, "stages"),
    ] {
        let (by_tenant, own) = ([shared, ".by_tenant"].concat(), exchange(tenant, name));
        declare_topic(&channel, shared).await?;
        let kind = ExchangeKind::Headers;
        topology::declare_exchange(&channel, &by_tenant, kind, FieldTable::default()).await?;
        bind_exchange(&channel, shared, &by_tenant, FieldTable::default()).await?;
        declare_topic(&channel, &own).await?;
        bind_exchange(&channel, &by_tenant, &own, selecting(tenant)).await?;
    }
    topology::close(&channel).await;
    Ok(())
}

/// Declares the exchange that leads to a tenant's own queue, or to the shared exchange.
pub(super) async fn declare_routing(channel: &Channel, tenant: &str) -> Result<(), BrokerError> {
    let alternate = topology::table([("alternate-exchange", EVENTS_EXCHANGE)]);
    topology::declare_exchange(channel, &own_queue(tenant), ExchangeKind::Topic, alternate).await
}

fn exchange(tenant: &str, name: &str) -> String {
    [PREFIX, &encoded(tenant), ".", name].concat()
}

fn selecting(tenant: &str) -> FieldTable {
    let mut table = FieldTable::default();
    table.insert(
        TENANT.into(),
        AMQPValue::LongString(LongString::from(tenant)),
    );
    table
}

async fn declare_topic(channel: &Channel, name: &str) -> Result<(), BrokerError> {
    topology::declare_exchange(channel, name, ExchangeKind::Topic, FieldTable::default()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_names_its_tenant_whatever_the_name_contains() {
        for (tenant, exchange) in [
            ("acme", "waybill.tenant.acme.events"),
            ("a.b", "waybill.tenant.a%2Eb.events"),
            ("50% #*", "waybill.tenant.50%25%20%23%2A.events"),
            ("é", "waybill.tenant.%C3%A9.events"),
        ] {
            assert_eq!(events_exchange(tenant), exchange);
            assert_eq!(tenant_of(exchange).as_deref(), Some(tenant));
        }
    }

    #[test]
    fn another_exchange_is_no_tenants() {
        for exchange in [
            "",
            "waybill.events",
            "waybill.tenant..events",
            "waybill.tenant.acme.completions",
            "waybill.tenant.%61cme.events",
            "waybill.tenant.a%2eb.events",
            "waybill.tenant.a.b.events",
            "waybill.tenant.%.events",
            "waybill.tenant.%FF.events",
        ] {
            assert_eq!(tenant_of(exchange), None, "{exchange}");
        }
    }
}
