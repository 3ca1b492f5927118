//! Why a call to the database is tried again, as a metric label.

use crate::store::{Retry, StoreError};
use crate::telemetry::RetryReason;

/// Why a call is tried again, as a metric label.
pub(super) fn reason(error: &StoreError) -> RetryReason {
    match error.retry() {
        Retry::Connection => RetryReason::Connection,
        Retry::Deadlock => RetryReason::Deadlock,
        Retry::Timeout => RetryReason::Timeout,
        Retry::Serialization => RetryReason::Serialization,
        Retry::Refused => RetryReason::Refused,
    }
}
