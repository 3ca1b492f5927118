//! Settings, logging, and connections to database, broker and HTTP API, from the command line.

use super::failure::Failure;
use super::remote::Client;
use super::{Sources, actor};
use crate::broker::{self, BrokerError, Connection};
use crate::config::{self, BrokerSettings, DatabaseSettings, Given, Loaded, LogFormat, Settings};
use crate::store::{Store, StoreError};
use crate::telemetry;
use crate::wire::Limits;

/// The name of our connections in the broker's own tools.
const CONNECTION_NAME: &str = "waybill command";

/// Where events are sent.
pub(super) enum EventTarget {
    /// The broker; connects when it is used.
    Broker(BrokerSettings),
    /// The HTTP API.
    Http(Client),
}

/// The settings from all sources, for commands that need database and broker.
pub(super) fn load(sources: &Sources) -> Result<Loaded, config::Faults> {
    given(sources).all()
}

/// The settings without their origins.
pub(super) fn settings(sources: &Sources) -> Result<Settings, Failure> {
    Ok(load(sources)?.settings)
}

/// The database, for commands that need no broker; connects when it is used.
pub(super) fn store(sources: &Sources) -> Result<Store, Failure> {
    let database = given(sources).database()?;
    Ok(store_of(&database, sources)?)
}

/// The database of these settings, for what the user of this command does.
pub(super) fn store_of(
    database: &DatabaseSettings,
    sources: &Sources,
) -> Result<Store, StoreError> {
    Ok(Store::new(database)?.acting(actor::of_command(sources)))
}

/// A client of the HTTP API; connects when it is used.
pub(super) fn client(sources: &Sources) -> Result<Client, Failure> {
    let (client, _) = given(sources).client()?;
    Client::new(&client)
}

/// The target of events, which is HTTP if a server is configured, else the broker; and the limits
/// of one event.
pub(super) fn event_target(sources: &Sources) -> Result<(EventTarget, Limits), Failure> {
    let given = given(sources);
    if given.has_client() {
        let (client, limits) = given.client()?;
        let client = Client::new(&client)?;
        return Ok((EventTarget::Http(client), (&limits).into()));
    }
    let (broker, limits) = given.broker()?;
    Ok((EventTarget::Broker(broker), (&limits).into()))
}

/// A connection to the broker.
pub(super) async fn broker(settings: &BrokerSettings) -> Result<Connection, BrokerError> {
    broker::connect(settings, CONNECTION_NAME).await
}

/// Starts logging to the standard error.
pub(super) fn log(filter: &str, format: LogFormat) -> Result<(), Failure> {
    let json = match format {
        LogFormat::Auto => None,
        LogFormat::Text => Some(false),
        LogFormat::Json => Some(true),
    };
    telemetry::install(filter, json).map_err(|error| Failure::Failed(error.to_string()))
}

fn given(sources: &Sources) -> Given {
    Given::gather(sources.config.as_deref(), std::env::vars_os(), &sources.set)
}
