//! The exchanges of one tenant: what is published to `waybill.tenant.NAME.events` is that tenant's,
//! and `waybill.tenant.NAME.completions` and `.stages` carry only what concerns it. So the broker's
//! permissions on `waybill.tenant.NAME.…` are all that a tenant needs.
//!
//! Behind the shared exchange of completions, as behind that of stages, a headers exchange selects
//! by the header `tenant`; routing keys stay the same.

use lapin::{
    Channel, ExchangeKind,
    types::{AMQPValue, FieldTable, LongString},
};

use super::topology::{
    self, COMPLETIONS_EXCHANGE, EVENTS_EXCHANGE, STAGES_EXCHANGE, bind_exchange,
};
use super::{BrokerError, Connection};

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
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    tenant.bytes().map(byte).collect()
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

/// The tenant to whose exchange of events a message was published, if it was to one.
#[must_use]
pub fn tenant_of(exchange: &str) -> Option<String> {
    let encoded = exchange.strip_prefix(PREFIX)?.strip_suffix(EVENTS)?;
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?
            }
            _ => byte,
        });
    }
    // An exchange that an operator declared by hand under another spelling is no tenant's.
    let tenant = String::from_utf8(bytes)
        .ok()
        .filter(|tenant| !tenant.is_empty())?;
    (events_exchange(&tenant) == exchange).then_some(tenant)
}

/// Declares the exchanges of these tenants and what leads to them. Repeating it changes nothing.
///
/// # Errors
///
/// As for [`declare`](topology::declare).
pub async fn declare(conn: &Connection, tenants: &[String]) -> Result<(), BrokerError> {
    if tenants.is_empty() {
        return Ok(());
    }
    let channel = conn.channel().await?;
    declare_topic(&channel, EVENTS_EXCHANGE).await?;
    for shared in [COMPLETIONS_EXCHANGE, STAGES_EXCHANGE] {
        declare_topic(&channel, shared).await?;
        let by_tenant = by_tenant(shared);
        let kind = ExchangeKind::Headers;
        topology::declare_exchange(&channel, &by_tenant, kind, FieldTable::default()).await?;
        bind_exchange(&channel, shared, &by_tenant, FieldTable::default()).await?;
    }
    for tenant in tenants {
        let events = events_exchange(tenant);
        declare_topic(&channel, &events).await?;
        bind_exchange(&channel, &events, EVENTS_EXCHANGE, FieldTable::default()).await?;
        for (shared, name) in [
            (COMPLETIONS_EXCHANGE, "completions"),
            (STAGES_EXCHANGE, "stages"),
        ] {
            let own = exchange(tenant, name);
            declare_topic(&channel, &own).await?;
            bind_exchange(&channel, &by_tenant(shared), &own, selecting(tenant)).await?;
        }
    }
    topology::close(&channel).await;
    Ok(())
}

fn exchange(tenant: &str, name: &str) -> String {
    [PREFIX, &encoded(tenant), ".", name].concat()
}

fn by_tenant(shared: &str) -> String {
    [shared, ".by_tenant"].concat()
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
