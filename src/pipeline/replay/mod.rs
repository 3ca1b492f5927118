//! Dead letters on their way back: published once more, each forgotten after its confirm.
//!
//! [`selection`] goes through the dead letters that are meant, [`sender`] publishes some of them and says
//! what became of each, [`rate_limit`] keeps the rate. A replay that was asked for is a row, which
//! [`runner`] finds and works on: by publishing, or for a dry run by [`dry_run`].

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
    /// The dead letters can't be read or forgotten.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// They can't be published.
    #[error(transparent)]
    Broker(#[from] BrokerError),
}
