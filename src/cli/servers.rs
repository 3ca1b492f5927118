//! From the command line to settings, log lines, database and broker.

use super::Sources;
use super::failure::Failure;
use crate::broker::{self, BrokerError, Connection};
use crate::config::{self, Loaded, LogFormat, Settings};
use crate::store::Store;
use crate::telemetry;

/// What the broker's own tools list our connections as.
const CONNECTION_NAME: &str = "waybill command";

/// The settings from all sources.
pub(super) fn load(sources: &Sources) -> Result<Loaded, config::Faults> {
    config::load(sources.config.as_deref(), std::env::vars_os(), &sources.set)
}

/// The settings alone.
pub(super) fn settings(sources: &Sources) -> Result<Settings, Failure> {
    Ok(load(sources)?.settings)
}

/// The database; connects when it is used.
pub(super) fn store(sources: &Sources) -> Result<Store, Failure> {
    Ok(Store::new(&settings(sources)?.database)?)
}

/// A connection to the broker.
pub(super) async fn broker(settings: &Settings) -> Result<Connection, BrokerError> {
    broker::connect(&settings.broker, CONNECTION_NAME).await
}

/// Shows log lines on the standard error from now on.
pub(super) fn log(filter: &str, format: LogFormat) -> Result<(), Failure> {
    let json = match format {
        LogFormat::Auto => None,
        LogFormat::Text => Some(false),
        LogFormat::Json => Some(true),
    };
    telemetry::install(filter, json).map_err(|error| Failure::Failed(error.to_string()))
}
