//! Replays: dead letters are published again, each deleted after its confirm.
//!
//! [`selection`] reads the selected dead letters, [`sender`] publishes some of them and returns the
//! outcome of each, [`rate_limit`] keeps the rate. A requested replay is a row, which [`runner`]
//! claims and works on: by publishing, or for a dry run by [`dry_run`].

pub mod dry_run;
pub mod rate_limit;
pub mod runner;
pub mod selection;
pub mod sender;

use crate::broker::BrokerError;
use crate::store::StoreError;

/// Why a replay can't go on.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The dead letters can't be read or deleted.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// They can't be published.
    #[error(transparent)]
    Broker(#[from] BrokerError),
}
