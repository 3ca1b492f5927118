//! Epochs of the change feed: each server and time line that the tables have lived on.
//!
//! The server numbers transactions. A restored dump meets other numbers on its new server; a
//! promoted replica or a point-in-time recovery may reuse the numbers of transactions that it never
//! received. So the first transaction that logs events there begins the next epoch, and each event
//! carries its epoch. The check runs in that transaction, not once per connection: a connection can
//! outlive the promotion of its server, and a pooler may have several servers behind it, but a
//! transaction that writes runs on one server and one time line.

use crate::store::{Connection, StoreError};

pub(in crate::store) const BEGIN: &str = include_str!("../queries/read/begin_epoch.sql");

/// Begins the next epoch if the newest one began on another server or time line, and returns its
/// number. Of concurrent transactions one begins it; the others wait until that one has ended.
pub async fn begin(connection: &Connection) -> Result<Option<i16>, StoreError> {
    let row = connection.row_if_any(BEGIN, &[]).await?;
    Ok(row.map(|row| row.get(0)))
}
