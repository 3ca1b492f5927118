//! What somebody tries at the broker who has no business there.

use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions},
    types::FieldTable,
};

use Attempt::{Bind, Declare, Delete, Publish, Take};

/// One thing that is tried: with a queue, or with an exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attempt {
    Declare(&'static str),
    Delete(&'static str),
    Publish(&'static str),
    Bind(&'static str, &'static str),
    Take(&'static str),
}

/// All of it is refused to a user.
pub(crate) async fn refused(url: &str, attempts: &[Attempt]) {
    for attempt in attempts {
        let said = try_it(url, *attempt).await;
        let said = said.expect_err("it is refused").to_string();
        assert!(said.contains("ACCESS"), "{attempt:?}: {said}");
    }
}

async fn try_it(url: &str, attempt: Attempt) -> lapin::Result<()> {
    let (_connection, channel) = open(url).await;
    let none = FieldTable::default;
    match attempt {
        Declare(queue) => {
            let options = QueueDeclareOptions {
                durable: true,
                ..Default::default()
            };
            channel.queue_declare(queue.into(), options, none()).await?;
        }
        Delete(queue) => {
            channel
                .queue_delete(queue.into(), Default::default())
                .await?;
        }
        Bind(queue, exchange) => {
            let options = Default::default();
            let bind =
                channel.queue_bind(queue.into(), exchange.into(), "#".into(), options, none());
            bind.await?;
        }
        Take(queue) => {
            channel.basic_get(queue.into(), Default::default()).await?;
        }
        Publish(exchange) => return publish(&channel, exchange).await,
    }
    Ok(())
}

async fn publish(channel: &Channel, exchange: &str) -> lapin::Result<()> {
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    let options = BasicPublishOptions::default();
    let said = BasicProperties::default();
    let sent = channel.basic_publish(exchange.into(), "upload.step".into(), options, b"{}", said);
    match sent.await?.await? {
        Confirmation::NotRequested | Confirmation::Ack(_) => Ok(()),
        Confirmation::Nack(_) => panic!("no queue refuses it"),
    }
}

/// A connection and a channel on it.
pub(crate) async fn open(url: &str) -> (Connection, Channel) {
    let connection = Connection::connect(url, ConnectionProperties::default()).await;
    let connection = connection.expect("the user may log in");
    let channel = connection.create_channel().await.expect("a channel");
    (connection, channel)
}
