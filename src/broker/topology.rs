//! The exchanges and queues that Waybill uses: their names and declarations.
//!
//! The declarations set only arguments that can't be changed later (type and dead-letter exchange);
//! limits belong in a policy, which an operator can change without deleting anything.

use lapin::{
    Channel, ExchangeKind,
    options::{
        ExchangeBindOptions, ExchangeDeclareOptions, ExchangeDeleteOptions, ExchangeUnbindOptions,
        QueueBindOptions, QueueDeclareOptions,
    },
    types::{AMQPValue, FieldTable, LongString, ShortString},
};

use super::error::request;
use super::{BrokerError, Connection};

/// Where producers publish events; the routing key is the event's type.
pub const EVENTS_EXCHANGE: &str = "waybill.events";
/// Where Waybill itself publishes events: those of HTTP clients and replays. Who may write to it acts
/// for every tenant.
pub const INTERNAL_EXCHANGE: &str = "waybill.internal.events";
/// Distributes the events over the partitions by token, if there are several.
pub const HASH_EXCHANGE: &str = "waybill.events.hash";
/// Where completions are published; the routing key is `<kind>.<status>`.
pub const COMPLETIONS_EXCHANGE: &str = "waybill.completions";
/// Where entered stages are published; the routing key is `<workflow>.<stage>`.
pub const STAGES_EXCHANGE: &str = "waybill.stages";
/// Where the broker dead-letters events.
pub const DEAD_EXCHANGE: &str = "waybill.dead";
/// The queue bound to [`DEAD_EXCHANGE`].
pub const DEAD_QUEUE: &str = "waybill.dead";
/// The exchanges that route by topic.
pub(super) const TOPICS: [&str; 5] = [
    EVENTS_EXCHANGE,
    INTERNAL_EXCHANGE,
    COMPLETIONS_EXCHANGE,
    STAGES_EXCHANGE,
    DEAD_EXCHANGE,
];
/// The maximum number of partitions.
pub const PARTITIONS_MAX: u16 = 256;

/// Matches every routing key.
pub(super) const ANY: &str = "#";
/// The binding key to the hash exchange: the weight of a queue, the same for all.
pub(super) const WEIGHT: &str = "1";

/// The queues to consume events from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventQueues {
    /// One per partition; they receive what is published.
    pub current: Vec<String>,
    /// Left over from a higher number of partitions. They receive nothing more, but may still
    /// contain events, so they are consumed like the others.
    pub former: Vec<String>,
}

/// The queue of the events of partition `n`.
#[must_use]
pub fn events_queue(n: u16) -> String {
    format!("{EVENTS_EXCHANGE}.{n}")
}

/// Declares everything, for `partitions` queues of events. Repeating it changes nothing.
///
/// After a change of the number of partitions, it creates new bindings before it removes old ones:
/// meanwhile an event may arrive twice, but none is lost.
///
/// # Errors
///
/// If something exists already with other arguments, the plugin for several partitions is missing,
/// or the user has no permission. The connection may have ended then.
pub async fn declare(conn: &Connection, partitions: u16) -> Result<EventQueues, BrokerError> {
    if !(1..=PARTITIONS_MAX).contains(&partitions) {
        return Err(BrokerError::Settings(format!(
            "partitions must be between 1 and {PARTITIONS_MAX}, not {partitions}"
        )));
    }
    let channel = conn.channel().await?;
    for name in TOPICS {
        declare_exchange(&channel, name, ExchangeKind::Topic, FieldTable::default()).await?;
    }
    let none = FieldTable::default;
    bind_exchange(&channel, INTERNAL_EXCHANGE, EVENTS_EXCHANGE, none()).await?;
    declare_queue(&channel, DEAD_QUEUE, false).await?;
    bind_queue(&channel, DEAD_QUEUE, DEAD_EXCHANGE, ANY).await?;
    let current: Vec<String> = (0..partitions).map(events_queue).collect();
    for queue in &current {
        declare_queue(&channel, queue, true).await?;
    }
    let former = existing_from(conn, partitions).await?;
    if partitions == 1 {
        route_directly(&channel).await?;
    } else {
        route_by_hash(&channel, &current, &former).await?;
    }
    close(&channel).await;
    Ok(EventQueues { current, former })
}

/// How many messages are ready in `queue`, without the unacknowledged ones.
///
/// # Errors
///
/// [`BrokerError::Topology`] if there is no such queue.
pub async fn ready_count(conn: &Connection, queue: &str) -> Result<u32, BrokerError> {
    let channel = conn.channel().await?;
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let declare = channel.queue_declare(short(queue)?, options, FieldTable::default());
    let found = request("inspecting a queue", declare).await?;
    close(&channel).await;
    Ok(found.message_count())
}

/// [`ready_count`]; `None` if there is no such queue.
pub(super) async fn ready_if_there(
    conn: &Connection,
    queue: &str,
) -> Result<Option<u32>, BrokerError> {
    match ready_count(conn, queue).await {
        Ok(count) => Ok(Some(count)),
        Err(BrokerError::Topology(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn route_directly(channel: &Channel) -> Result<(), BrokerError> {
    bind_queue(channel, &events_queue(0), EVENTS_EXCHANGE, ANY).await?;
    // Deleting an exchange also deletes its bindings, and succeeds if there is none.
    let delete = channel.exchange_delete(HASH_EXCHANGE.into(), ExchangeDeleteOptions::default());
    request("deleting exchange waybill.events.hash", delete).await
}

async fn route_by_hash(
    channel: &Channel,
    current: &[String],
    former: &[String],
) -> Result<(), BrokerError> {
    declare_hash_exchange(channel).await?;
    for queue in current {
        bind_queue(channel, queue, HASH_EXCHANGE, WEIGHT).await?;
    }
    bind_exchange(
        channel,
        EVENTS_EXCHANGE,
        HASH_EXCHANGE,
        FieldTable::default(),
    )
    .await?;
    unbind_queue(channel, &events_queue(0), EVENTS_EXCHANGE, ANY).await?;
    for queue in former {
        unbind_queue(channel, queue, HASH_EXCHANGE, WEIGHT).await?;
    }
    Ok(())
}

/// The existing queues of partitions `first` and up. A passive declaration of a missing queue
/// closes its channel.
pub(super) async fn existing_from(
    conn: &Connection,
    first: u16,
) -> Result<Vec<String>, BrokerError> {
    let mut found = Vec::new();
    for queue in (first..PARTITIONS_MAX).map(events_queue) {
        if ready_if_there(conn, &queue).await?.is_none() {
            break;
        }
        found.push(queue);
    }
    Ok(found)
}

pub(super) async fn declare_hash_exchange(channel: &Channel) -> Result<(), BrokerError> {
    let kind = ExchangeKind::Custom("x-consistent-hash".to_owned());
    let arguments = table([("hash-property", "correlation_id")]);
    declare_exchange(channel, HASH_EXCHANGE, kind, arguments).await
}

pub(super) async fn declare_exchange(
    channel: &Channel,
    name: &str,
    kind: ExchangeKind,
    arguments: FieldTable,
) -> Result<(), BrokerError> {
    let options = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    let declare = channel.exchange_declare(name.into(), kind, options, arguments);
    request("declaring an exchange", declare)
        .await
        .map_err(|error| explain(error, "exchange", name))
}

/// Declares an exclusive queue that receives everything published to `exchange` from now on.
///
/// # Errors
///
/// If the user may not declare queues, or the exchange is missing.
pub async fn tap(conn: &Connection, exchange: &str) -> Result<String, BrokerError> {
    let channel = conn.channel().await?;
    let options = of_this_connection();
    let declare = channel.queue_declare(ShortString::default(), options, FieldTable::default());
    let queue = request("declaring a queue", declare).await?;
    let queue = queue.name().as_str().to_owned();
    bind_queue(&channel, &queue, exchange, ANY).await?;
    close(&channel).await;
    Ok(queue)
}

/// A queue that is deleted with the connection.
pub(super) fn of_this_connection() -> QueueDeclareOptions {
    QueueDeclareOptions {
        exclusive: true,
        auto_delete: true,
        ..QueueDeclareOptions::default()
    }
}

pub(super) async fn declare_queue(
    channel: &Channel,
    name: &str,
    events: bool,
) -> Result<(), BrokerError> {
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    let arguments = if events {
        table([
            ("x-queue-type", "quorum"),
            ("x-dead-letter-exchange", DEAD_EXCHANGE),
        ])
    } else {
        table([("x-queue-type", "quorum")])
    };
    let declare = channel.queue_declare(name.into(), options, arguments);
    request("declaring a queue", declare)
        .await
        .map(drop)
        .map_err(|error| explain(error, "queue", name))
}

pub(super) async fn bind_queue(
    channel: &Channel,
    queue: &str,
    exchange: &str,
    key: &str,
) -> Result<(), BrokerError> {
    let options = QueueBindOptions::default();
    let bind = channel.queue_bind(
        queue.into(),
        exchange.into(),
        key.into(),
        options,
        FieldTable::default(),
    );
    request("binding a queue", bind).await
}

/// Routes what is published to one exchange on to another.
pub(super) async fn bind_exchange(
    channel: &Channel,
    from: &str,
    to: &str,
    arguments: FieldTable,
) -> Result<(), BrokerError> {
    let options = ExchangeBindOptions::default();
    let bind = channel.exchange_bind(to.into(), from.into(), ANY.into(), options, arguments);
    request("binding an exchange", bind).await
}

/// The opposite of [`bind_exchange`]; succeeds if it was not bound.
pub(super) async fn unbind_exchange(
    channel: &Channel,
    from: &str,
    to: &str,
) -> Result<(), BrokerError> {
    let options = ExchangeUnbindOptions::default();
    let none = FieldTable::default();
    let unbind = channel.exchange_unbind(to.into(), from.into(), ANY.into(), options, none);
    request("unbinding an exchange", unbind).await
}

pub(super) async fn unbind_queue(
    channel: &Channel,
    queue: &str,
    exchange: &str,
    key: &str,
) -> Result<(), BrokerError> {
    let unbind = channel.queue_unbind(
        queue.into(),
        exchange.into(),
        key.into(),
        FieldTable::default(),
    );
    request("unbinding a queue", unbind).await
}

/// Closes a channel; errors don't matter, as it is not used again.
pub(super) async fn close(channel: &Channel) {
    let _ = request("closing a channel", channel.close(200, "OK".into())).await;
}

/// Adds to the broker's answer which exchange or queue it concerns, and the remedy.
pub(super) fn explain(error: BrokerError, what: &str, name: &str) -> BrokerError {
    match error {
        BrokerError::Topology(text) => BrokerError::Topology(format!(
            "{what} {name} exists on the broker with other arguments than Waybill needs ({text}); once it is empty and \
             unused, delete it and start again, or use another virtual host"
        )),
        BrokerError::Lost(text) if name == HASH_EXCHANGE && text.contains("exchange type") => {
            BrokerError::Topology(
                "several partitions need the broker's plugin rabbitmq_consistent_hash_exchange: enable the plugin \
                 rabbitmq_consistent_hash_exchange on every node, or set partitions to 1"
                    .to_owned(),
            )
        }
        other => other,
    }
}

pub(super) fn table<const N: usize>(entries: [(&str, &str); N]) -> FieldTable {
    let mut table = FieldTable::default();
    for (key, value) in entries {
        table.insert(key.into(), AMQPValue::LongString(LongString::from(value)));
    }
    table
}

fn short(name: &str) -> Result<ShortString, BrokerError> {
    ShortString::try_new(name).map_err(|_| {
        BrokerError::Topology(format!(
            "a queue's name has at most 255 bytes, not {}",
            name.len()
        ))
    })
}
