//! Metrics, log lines and health for operators.
//!
//! Every kind of occurrence is one function that both counts and logs; its callers know neither
//! metric names nor log levels. `http` serves what is collected here.

mod delivery_balance;
mod events;
mod gauges;
mod health;
mod labels;
mod logging;
mod metrics;
pub mod names;
mod registry;
mod samples;
#[cfg(test)]
mod tests;
mod throttle;

pub use self::events::Ended;
pub use self::gauges::Pool;
pub use self::health::{Condition, Health, STUCK_AFTER};
pub use self::labels::{
    AuthRefused, Axis, Backpressure, CutReason, Dependency, Labels, Outcome, Phase, PoolState,
    Published, Quarantined, RetryReason, SealCause, StatusClass, Stuck, Values, What,
};
pub use self::logging::{LoggingError, install};
pub use self::metrics::{StartError, Telemetry};
pub use self::names::{Kind, METRICS, Metric, metrics_table};
pub use self::samples::{Level, Totals};
