//! Consumes from one queue, over a channel of its own, and acknowledges the deliveries.

use futures_util::{FutureExt, StreamExt};
use lapin::{
    Channel,
    options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions},
    types::{FieldTable, ShortString},
};

use super::error::request;
use super::{BrokerError, Connection, Delivery};

/// The next item of a consumer.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// A message; unacknowledged until it is acknowledged or the channel ends. Boxed: it is large
    /// and moved many times before it is written.
    Delivery(Box<Delivery>),
    /// No more deliveries. The broker requeues the unacknowledged ones when the channel ends.
    Ended(Ended),
}

/// Why no more deliveries come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The subscription was cancelled, by [`Consumer::cancel`] or by the broker (the queue was
    /// deleted or moved). The channel is open: deliveries can still be acknowledged.
    Cancelled,
    /// The channel or the connection has ended; acknowledging is no longer possible.
    Lost(BrokerError),
}

/// A subscription to one queue.
#[derive(Debug)]
pub struct Consumer {
    stream: lapin::Consumer,
    acker: Acker,
    ended: Option<Ended>,
}

/// Acknowledges what its [`Consumer`] delivered, from any task.
#[derive(Clone, Debug)]
pub struct Acker {
    channel: Channel,
}

impl Consumer {
    /// Subscribes to `queue`, with at most `prefetch` unacknowledged deliveries.
    ///
    /// # Errors
    ///
    /// [`BrokerError::Topology`] if there is no such queue; others if the broker refuses or does
    /// not answer.
    pub async fn open(conn: &Connection, queue: &str, prefetch: u16) -> Result<Self, BrokerError> {
        let name = ShortString::try_new(queue).map_err(|error| {
            BrokerError::Topology(format!("no queue can have that name: {error}"))
        })?;
        let channel = conn.channel().await?;
        // Zero would mean no limit, and the library's own buffer has none. Per consumer, because
        // quorum queues support no limit per channel.
        let qos = channel.basic_qos(prefetch.max(1), BasicQosOptions { global: false });
        request("setting the prefetch limit", qos).await?;
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        let consume = channel.basic_consume(name, ShortString::default(), options, arguments);
        let stream = request("subscribing to a queue", consume).await?;
        Ok(Self {
            stream,
            acker: Acker { channel },
            ended: None,
        })
    }

    /// Waits for the next delivery. Dropping the future loses nothing, so it can be one of the
    /// branches of a `select!`. Once ended, it returns [`Next::Ended`] on every call.
    pub async fn next(&mut self) -> Next {
        if let Some(ended) = &self.ended {
            return Next::Ended(ended.clone());
        }
        let item = self.stream.next().await;
        self.receive(item)
    }

    /// The next delivery if it is already here.
    pub fn try_next(&mut self) -> Option<Next> {
        if let Some(ended) = &self.ended {
            return Some(Next::Ended(ended.clone()));
        }
        let item = self.stream.next().now_or_never()?;
        Some(self.receive(item))
    }

    /// A handle for acknowledging, which may outlive the consumer; the channel lives as long as
    /// one of them.
    #[must_use]
    pub fn acker(&self) -> Acker {
        self.acker.clone()
    }

    /// Cancels the consumer. [`next`](Self::next) still returns deliveries that the broker has
    /// already sent, then [`Ended::Cancelled`]; unacknowledged deliveries stay unacknowledged.
    ///
    /// # Errors
    ///
    /// If the channel has ended, or the broker does not answer in time.
    pub async fn cancel(&self) -> Result<(), BrokerError> {
        let cancel = self
            .acker
            .channel
            .basic_cancel(self.stream.tag(), BasicCancelOptions::default());
        request("cancelling a subscription", cancel).await
    }

    /// Closes the channel: the broker requeues its unacknowledged deliveries.
    pub async fn close(self) {
        // An error means that the channel has ended already.
        let _ = request(
            "closing a channel",
            self.acker.channel.close(200, "OK".into()),
        )
        .await;
    }

    fn receive(&mut self, item: Option<lapin::Result<lapin::message::Delivery>>) -> Next {
        let ended = match item {
            Some(Ok(delivery)) => return Next::Delivery(Box::new(delivery.into())),
            Some(Err(error)) => Ended::Lost(BrokerError::on("consuming", &error)),
            None if self.acker.is_usable() => Ended::Cancelled,
            None => Ended::Lost(BrokerError::Lost("the channel was closed".to_owned())),
        };
        self.ended = Some(ended.clone());
        Next::Ended(ended)
    }
}

impl Acker {
    /// Acknowledges every delivery up to and including `tag`. Each of them must be finished:
    /// the broker deletes them all.
    ///
    /// # Errors
    ///
    /// If the channel has ended; the broker then delivers them again.
    pub async fn ack_through(&self, tag: u64) -> Result<(), BrokerError> {
        // Tags start at 1; zero would mean everything delivered so far.
        if tag == 0 {
            return Ok(());
        }
        let ack = self
            .channel
            .basic_ack(tag, BasicAckOptions { multiple: true });
        request("acknowledging", ack).await
    }

    /// Whether the channel is still open, as far as the client library has noticed.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.channel.status().connected()
    }
}
