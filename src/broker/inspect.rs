//! Inspects the broker for operators who diagnose a problem: permissions, and which exchanges and
//! queues exist with the right arguments. It changes nothing: it deletes the queues and exchanges
//! it creates, and redeclares only existing ones.

use lapin::{
    BasicProperties, Channel, ExchangeKind,
    options::{
        BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions,
        ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions,
    },
    types::{FieldTable, ShortString},
};
use uuid::Uuid;

use super::error::request;
use super::topology::{self, DEAD_QUEUE, HASH_EXCHANGE, TOPICS};
use super::{BrokerError, Connection};

/// The status of an exchange or a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It exists as needed.
    Right,
    /// It does not exist; a worker declares it when it starts.
    Absent,
    /// It exists with other arguments, or may not be inspected.
    Wrong(BrokerError),
}

/// Checks the permissions to declare (configure), bind (write) and read queues named `waybill.…`.
///
/// # Errors
///
/// The first permission that is missing, or why it could not be checked.
pub async fn permissions(conn: &Connection) -> Result<(), BrokerError> {
    let channel = conn.channel().await?;
    let name = ShortString::from(format!("waybill.doctor.{}", Uuid::new_v4()));
    let none = FieldTable::default;
    let options = topology::of_this_connection();
    let declare = channel.queue_declare(name.clone(), options, none());
    request("declaring a queue waybill.… (configure)", declare).await?;
    let get = channel.basic_get(name.clone(), BasicGetOptions::default());
    request("reading from a queue waybill.… (read)", get).await?;
    let kind = ExchangeKind::Fanout;
    let declare = channel.exchange_declare(name.clone(), kind, temporary(), none());
    request("declaring an exchange waybill.… (configure)", declare).await?;
    let options = QueueBindOptions::default();
    let bind = channel.queue_bind(name.clone(), name.clone(), "".into(), options, none());
    let bound = request("binding a queue waybill.… (write)", bind).await;
    // The queue is deleted with the connection; an exchange without a binding would stay.
    let again = conn.channel().await?;
    let delete = again.exchange_delete(name, ExchangeDeleteOptions::default());
    request("deleting an exchange waybill.…", delete).await?;
    bound
}

/// Checks whether the broker has the consistent-hash exchange. Ends the connection if not.
///
/// # Errors
///
/// If the plugin is missing, or it could not be checked.
pub async fn consistent_hash(conn: &Connection) -> Result<(), BrokerError> {
    let channel = conn.channel().await?;
    let name = ShortString::from(format!("waybill.doctor.{}", Uuid::new_v4()));
    let kind = ExchangeKind::Custom("x-consistent-hash".to_owned());
    let declare = channel.exchange_declare(name.clone(), kind, temporary(), FieldTable::default());
    request("declaring an exchange", declare)
        .await
        .map_err(|error| topology::explain(error, "exchange", HASH_EXCHANGE))?;
    let delete = channel.exchange_delete(name, ExchangeDeleteOptions::default());
    request("deleting an exchange", delete).await?;
    topology::close(&channel).await;
    Ok(())
}

/// Whether the broker accepts a message with a body of `bytes` bytes. It is routed to no queue, but
/// the broker receives all of it.
///
/// # Errors
///
/// If it could not be tried, such as without write permission on the default exchange.
pub async fn takes_body(conn: &Connection, bytes: usize) -> Result<bool, BrokerError> {
    let channel = conn.channel().await?;
    let confirm = channel.confirm_select(ConfirmSelectOptions::default());
    request("enabling publisher confirms", confirm).await?;
    let nowhere = ShortString::from(format!("waybill.doctor.{}", Uuid::new_v4()));
    let (body, properties) = (vec![0; bytes], BasicProperties::default());
    let options = BasicPublishOptions::default();
    let publish = channel.basic_publish("".into(), nowhere, options, &body, properties);
    let publish = async { publish.await?.await };
    match request("publishing a large message", publish).await {
        Ok(_) => {
            topology::close(&channel).await;
            Ok(true)
        }
        // The broker closes the channel if the body is too long.
        Err(BrokerError::Topology(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The status of every exchange and queue that `partitions` and tenants with `own` queues need, with
/// its name.
///
/// # Errors
///
/// If the connection ends.
pub async fn topology(
    conn: &Connection,
    partitions: u16,
    own: &[String],
) -> Result<Vec<(String, State)>, BrokerError> {
    let mut states = Vec::new();
    for part in parts(partitions, own) {
        // Each on a channel of its own: a failed declaration closes it.
        let channel = conn.channel().await?;
        let state = inspect(&channel, &part).await?;
        topology::close(&channel).await;
        states.push((part.words(), state));
    }
    Ok(states)
}

/// Queues of former partitions, and those of `former` that exist, with their ready messages; and how
/// many dead-lettered messages are ready in the dead-letter queue.
///
/// # Errors
///
/// If the connection ends.
pub async fn leftovers(
    conn: &Connection,
    partitions: u16,
    former: &[String],
) -> Result<Vec<(String, u32)>, BrokerError> {
    let mut counts = Vec::new();
    for queue in topology::existing_from(conn, partitions).await? {
        let count = topology::ready_count(conn, &queue).await?;
        counts.push((queue, count));
    }
    for queue in former {
        let count = topology::ready_if_there(conn, queue).await?;
        counts.extend(count.map(|count| (queue.clone(), count)));
    }
    let dead = topology::ready_if_there(conn, DEAD_QUEUE).await?;
    counts.extend(dead.map(|count| (DEAD_QUEUE.to_owned(), count)));
    Ok(counts)
}

/// An exchange or a queue.
enum Part {
    Topic(&'static str),
    Hash,
    DeadQueue,
    EventQueue(String),
}

fn parts(partitions: u16, own: &[String]) -> Vec<Part> {
    let queues = (0..partitions).map(topology::events_queue);
    let mut parts = Vec::from(TOPICS.map(Part::Topic));
    parts.push(Part::DeadQueue);
    parts.extend(queues.chain(own.iter().cloned()).map(Part::EventQueue));
    if partitions > 1 {
        parts.push(Part::Hash);
    }
    parts
}

impl Part {
    fn words(&self) -> String {
        let what = match self {
            Self::Topic(_) | Self::Hash => "exchange",
            Self::DeadQueue | Self::EventQueue(_) => "queue",
        };
        format!("{what} {}", self.name())
    }

    fn name(&self) -> &str {
        match self {
            Self::Topic(name) => name,
            Self::Hash => HASH_EXCHANGE,
            Self::DeadQueue => DEAD_QUEUE,
            Self::EventQueue(name) => name,
        }
    }

    async fn exists(&self, channel: &Channel) -> Result<(), BrokerError> {
        let name = ShortString::from(self.name());
        match self {
            // A passive declaration does not check the type.
            Self::Topic(_) | Self::Hash => {
                let options = ExchangeDeclareOptions {
                    passive: true,
                    ..ExchangeDeclareOptions::default()
                };
                let kind = ExchangeKind::Topic;
                let declare = channel.exchange_declare(name, kind, options, FieldTable::default());
                request("inspecting an exchange", declare).await
            }
            Self::DeadQueue | Self::EventQueue(_) => {
                let options = QueueDeclareOptions {
                    passive: true,
                    ..QueueDeclareOptions::default()
                };
                let declare = channel.queue_declare(name, options, FieldTable::default());
                request("inspecting a queue", declare).await.map(drop)
            }
        }
    }

    async fn declare(&self, channel: &Channel) -> Result<(), BrokerError> {
        let name = self.name();
        match self {
            Self::Topic(_) => {
                let kind = ExchangeKind::Topic;
                topology::declare_exchange(channel, name, kind, FieldTable::default()).await
            }
            Self::Hash => topology::declare_hash_exchange(channel).await,
            Self::DeadQueue => topology::declare_queue(channel, name, false).await,
            Self::EventQueue(_) => topology::declare_queue(channel, name, true).await,
        }
    }
}

async fn inspect(channel: &Channel, part: &Part) -> Result<State, BrokerError> {
    match part.exists(channel).await {
        Ok(()) => {}
        Err(BrokerError::Topology(_)) => return Ok(State::Absent),
        Err(error @ BrokerError::Refused(_)) => return Ok(State::Wrong(error)),
        Err(error) => return Err(error),
    }
    match part.declare(channel).await {
        Ok(()) => Ok(State::Right),
        Err(error @ (BrokerError::Topology(_) | BrokerError::Refused(_))) => {
            Ok(State::Wrong(error))
        }
        Err(error) => Err(error),
    }
}

/// An exchange that is deleted with its last binding, or at the broker's next start.
fn temporary() -> ExchangeDeclareOptions {
    ExchangeDeclareOptions {
        auto_delete: true,
        ..ExchangeDeclareOptions::default()
    }
}
