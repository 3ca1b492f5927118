//! Declares a queue again that was deleted while it was consumed from; the rest of the topology is
//! left unchanged.

use super::topology::{
    ANY, DEAD_EXCHANGE, DEAD_QUEUE, EVENTS_EXCHANGE, HASH_EXCHANGE, WEIGHT, bind_queue, close,
    declare_queue, events_queue, ready_if_there,
};
use super::{BrokerError, Connection};

/// Declares a queue to consume from again, with its binding; returns whether it is needed: a
/// deleted queue left over from a higher number of partitions is not.
///
/// # Errors
///
/// As for [`declare`](super::topology::declare).
pub async fn queue(conn: &Connection, queue: &str, partitions: u16) -> Result<bool, BrokerError> {
    let is_dead = queue == DEAD_QUEUE;
    if !is_dead && !(0..partitions).any(|n| events_queue(n) == queue) {
        return Ok(ready_if_there(conn, queue).await?.is_some());
    }
    let (exchange, key) = match (is_dead, partitions) {
        (true, _) => (DEAD_EXCHANGE, ANY),
        (false, 1) => (EVENTS_EXCHANGE, ANY),
        (false, _) => (HASH_EXCHANGE, WEIGHT),
    };
    let channel = conn.channel().await?;
    declare_queue(&channel, queue, !is_dead).await?;
    bind_queue(&channel, queue, exchange, key).await?;
    close(&channel).await;
    Ok(true)
}
