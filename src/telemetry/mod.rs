//! What operators see: metrics, log lines and health.
//!
//! Every happening is one function that counts and logs together; who calls it knows neither
//! metric names nor log levels. Serving what is collected here is left to `http`.

mod happenings;
mod health;
mod labels;
mod ledger;
mod levels;
mod logging;
mod metrics;
pub mod names;
mod registry;
mod sampled;
#[cfg(test)]
mod tests;
mod throttle;

pub use self::metrics::{StartError, Telemetry};
pub use happenings::Ended;
pub use health::{Condition, Health, STUCK_AFTER};
pub use labels::{
    Axis, Backpressure, CutReason, Dependency, Labels, Outcome, Phase, PoolState, Published,
    Quarantined, RetryReason, SealCause, StatusClass, Stuck, Values, What,
};
pub use levels::Pool;
pub use logging::{LoggingError, install};
pub use names::{Kind, METRICS, Metric, metrics_table};
pub use sampled::{Level, Totals};
