//! From the broker's queues to batches: sessions, deliveries, prefetch, and a watchdog.

pub(super) mod intake;
pub(super) mod lane;
pub(super) mod lane_state;
pub(super) mod prefetch;
pub mod watchdog;
pub mod worker;
