//! One part fails: the network, a server, a worker, a destination, a record.

pub(super) mod crashes;
pub(super) mod cuts;
pub(super) mod database;
pub(super) mod isolation;
pub(super) mod janitor;
pub(super) mod orders;
pub(super) mod other_tables;
pub(super) mod outages;
pub(super) mod partitions;
pub(super) mod poison;
pub(super) mod pressure;
pub(super) mod refusals;
pub(super) mod refusing;
