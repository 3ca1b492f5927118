//! A tenant's own queue of events: declared and bound, or unbound.

use super::tenant_exchanges::{declare_routing, own_queue};
use super::topology::{self, ANY};
use super::{BrokerError, Connection};

/// The most tenants with queues of their own: a worker has a connection to the broker for each.
pub const TENANT_QUEUES_MAX: usize = 64;

/// Routes a tenant's events to a queue of its `own`, or else to the shared ones; returns whether it
/// has one to consume from, which may be left over. Repeating it changes nothing.
///
/// # Errors
///
/// As for [`declare`](topology::declare).
pub async fn route(conn: &Connection, tenant: &str, own: bool) -> Result<bool, BrokerError> {
    let name = own_queue(tenant);
    if !own && topology::ready_if_there(conn, &name).await?.is_none() {
        return Ok(false);
    }
    let channel = conn.channel().await?;
    if own {
        declare_routing(&channel, tenant).await?;
        topology::declare_queue(&channel, &name, true).await?;
        topology::bind_queue(&channel, &name, &name, ANY).await?;
    } else {
        topology::unbind_queue(&channel, &name, &name, ANY).await?;
    }
    topology::close(&channel).await;
    Ok(true)
}
