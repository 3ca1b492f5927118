//! A look at the broker for people who search a fault: permissions, and what of the topology is
//! there in the right form. It changes nothing: it makes things of its own and takes them away,
//! and declares anew only what exists already.

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
use super::topology::{
    self, COMPLETIONS_EXCHANGE, DEAD_EXCHANGE, DEAD_QUEUE, EVENTS_EXCHANGE, HASH_EXCHANGE,
    STAGES_EXCHANGE,
};
use super::{BrokerError, Connection};

/// What a part of the topology is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// As it must be.
    Right,
    /// Not there; a worker's start makes it.
    Absent,
    /// There, but of another form, or not to be looked at.
    Wrong(BrokerError),
}

/// Tries whether things called `waybill.…` may be made (configure), bound (write) and read.
///
/// # Errors
///
/// The first permission that is missing, or why it could not be tried.
pub async fn permissions(conn: &Connection) -> Result<(), BrokerError> {
    let channel = conn.channel().await?;
    let name = ShortString::from(format!("waybill.doctor.{}", Uuid::new_v4()));
    let none = FieldTable::default;
    let options = QueueDeclareOptions {
        exclusive: true,
        auto_delete: true,
        ..QueueDeclareOptions::default()
    };
    let declare = channel.queue_declare(name.clone(), options, none());
    request("making a queue waybill.… (configure)", declare).await?;
    let get = channel.basic_get(name.clone(), BasicGetOptions::default());
    request("reading from a queue waybill.… (read)", get).await?;
    let kind = ExchangeKind::Fanout;
    let declare = channel.exchange_declare(name.clone(), kind, passing(), none());
    request("making an exchange waybill.… (configure)", declare).await?;
    let options = QueueBindOptions::default();
    let bind = channel.queue_bind(name.clone(), name.clone(), "".into(), options, none());
    let bound = request("binding a queue waybill.… (write)", bind).await;
    // The queue goes with the connection; the exchange would stay where nothing was bound to it.
    let again = conn.channel().await?;
    let delete = again.exchange_delete(name, ExchangeDeleteOptions::default());
    request("deleting an exchange waybill.…", delete).await?;
    bound
}

/// Tries whether the broker can spread events over partitions. Ends the connection if not.
///
/// # Errors
///
/// If the plugin is missing, or it could not be tried.
pub async fn consistent_hash(conn: &Connection) -> Result<(), BrokerError> {
    let channel = conn.channel().await?;
    let name = ShortString::from(format!("waybill.doctor.{}", Uuid::new_v4()));
    let kind = ExchangeKind::Custom("x-consistent-hash".to_owned());
    let declare = channel.exchange_declare(name.clone(), kind, passing(), FieldTable::default());
    request("making an exchange", declare)
        .await
        .map_err(|error| topology::mend(error, "exchange", HASH_EXCHANGE))?;
    let delete = channel.exchange_delete(name, ExchangeDeleteOptions::default());
    request("deleting an exchange", delete).await?;
    topology::close(&channel).await;
    Ok(())
}

/// Whether the broker takes a message with a body of so many bytes. It goes to no queue, but the
/// broker receives it whole.
///
/// # Errors
///
/// If it could not be tried, such as for lack of the right to write to the default exchange.
pub async fn takes_body(conn: &Connection, bytes: usize) -> Result<bool, BrokerError> {
    let channel = conn.channel().await?;
    let confirm = channel.confirm_select(ConfirmSelectOptions::default());
    request("asking for confirms", confirm).await?;
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
        // The broker's word for a body that is too long; it ends the channel.
        Err(BrokerError::Topology(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Looks at every exchange and queue that `partitions` need, each with what it is called.
///
/// # Errors
///
/// If the connection ends.
pub async fn topology(
    conn: &Connection,
    partitions: u16,
) -> Result<Vec<(String, State)>, BrokerError> {
    let mut states = Vec::new();
    for part in parts(partitions) {
        // Each on a channel of its own: a wrong answer ends it.
        let channel = conn.channel().await?;
        let state = look(&channel, &part).await?;
        topology::close(&channel).await;
        states.push((part.words(), state));
    }
    Ok(states)
}

/// Queues of former partitions with how much they still hold, and how many events the broker gave
/// up and nobody has taken since.
///
/// # Errors
///
/// If the connection ends.
pub async fn leftovers(
    conn: &Connection,
    partitions: u16,
) -> Result<Vec<(String, u32)>, BrokerError> {
    let mut held = Vec::new();
    for queue in topology::existing_from(conn, partitions).await? {
        let count = topology::ready_count(conn, &queue).await?;
        held.push((queue, count));
    }
    match topology::ready_count(conn, DEAD_QUEUE).await {
        Ok(count) => held.push((DEAD_QUEUE.to_owned(), count)),
        Err(BrokerError::Topology(_)) => {}
        Err(error) => return Err(error),
    }
    Ok(held)
}

/// An exchange or a queue.
enum Part {
    Topic(&'static str),
    Hash,
    DeadQueue,
    EventQueue(String),
}

fn parts(partitions: u16) -> Vec<Part> {
    let mut parts: Vec<Part> = [
        EVENTS_EXCHANGE,
        COMPLETIONS_EXCHANGE,
        STAGES_EXCHANGE,
        DEAD_EXCHANGE,
    ]
    .map(Part::Topic)
    .into();
    parts.push(Part::DeadQueue);
    parts.extend(
        (0..partitions)
            .map(topology::events_queue)
            .map(Part::EventQueue),
    );
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
            // A passive declaration does not look at the kind.
            Self::Topic(_) | Self::Hash => {
                let options = ExchangeDeclareOptions {
                    passive: true,
                    ..ExchangeDeclareOptions::default()
                };
                let kind = ExchangeKind::Topic;
                let declare = channel.exchange_declare(name, kind, options, FieldTable::default());
                request("looking at an exchange", declare).await
            }
            Self::DeadQueue | Self::EventQueue(_) => {
                let options = QueueDeclareOptions {
                    passive: true,
                    ..QueueDeclareOptions::default()
                };
                let declare = channel.queue_declare(name, options, FieldTable::default());
                request("looking at a queue", declare).await.map(drop)
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

async fn look(channel: &Channel, part: &Part) -> Result<State, BrokerError> {
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

/// An exchange that goes with its last binding, or the broker's next start.
fn passing() -> ExchangeDeclareOptions {
    ExchangeDeclareOptions {
        auto_delete: true,
        ..ExchangeDeclareOptions::default()
    }
}
