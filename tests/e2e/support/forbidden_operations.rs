//! Operations on the broker that a user has no permission for.

use lapin::{
    BasicProperties, Channel, Confirmation,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions},
    types::FieldTable,
};

use super::channel::open;
use Operation::{Bind, Declare, Delete, Get, Publish};

/// One operation, on a queue or an exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Declare(&'static str),
    Delete(&'static str),
    Publish(&'static str),
    Bind(&'static str, &'static str),
    Get(&'static str),
}

/// Checks that the broker refuses each operation to a user.
pub(crate) async fn assert_refused(url: &str, operations: &[Operation]) {
    for operation in operations {
        let result = perform(url, *operation).await;
        let error = result.expect_err("it is refused").to_string();
        assert!(error.contains("ACCESS"), "{operation:?}: {error}");
    }
}

async fn perform(url: &str, operation: Operation) -> lapin::Result<()> {
    let (_connection, channel) = open(url).await;
    let none = FieldTable::default;
    match operation {
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
        Get(queue) => {
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
    let properties = BasicProperties::default();
    let sent = channel.basic_publish(
        exchange.into(),
        "upload.step".into(),
        options,
        b"{}",
        properties,
    );
    match sent.await?.await? {
        Confirmation::NotRequested | Confirmation::Ack(_) => Ok(()),
        Confirmation::Nack(_) => panic!("no queue refuses it"),
    }
}
