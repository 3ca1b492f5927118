//! From the command line to settings, log lines, database, broker, and the HTTP API.

use super::Sources;
use super::failure::Failure;
use super::remote::Client;
use crate::broker::{self, BrokerError, Connection};
use crate::config::{self, BrokerSettings, Given, Loaded, LogFormat, Settings};
use crate::store::Store;
use crate::telemetry;
use crate::wire::Limits;

/// What the broker's own tools list our connections as.
const CONNECTION_NAME: &str = "waybill command";

/// Where events are sent.
pub(super) enum Events {
    /// To the broker; connects when it is used.
    Broker(BrokerSettings),
    /// To a server.
    Http(Client),
}

/// The settings from all sources, for what needs database and broker.
pub(super) fn load(sources: &Sources) -> Result<Loaded, config::Faults> {
    given(sources).all()
}

/// The settings alone.
pub(super) fn settings(sources: &Sources) -> Result<Settings, Failure> {
    Ok(load(sources)?.settings)
}

/// The database, for what needs no broker; connects when it is used.
pub(super) fn store(sources: &Sources) -> Result<Store, Failure> {
    Ok(Store::new(&given(sources).database()?)?)
}

/// A client of the API; connects when it is used.
pub(super) fn client(sources: &Sources) -> Result<Client, Failure> {
    let (client, _) = given(sources).client()?;
    Client::new(&client)
}

/// Where events are sent: over HTTP where a server is named, else to the broker; and what one of
/// them may contain.
pub(super) fn events(sources: &Sources) -> Result<(Events, Limits), Failure> {
    let given = given(sources);
    if given.has_client() {
        let (client, limits) = given.client()?;
        let client = Client::new(&client)?;
        return Ok((Events::Http(client), (&limits).into()));
    }
    let (broker, limits) = given.broker()?;
    Ok((Events::Broker(broker), (&limits).into()))
}

/// A connection to the broker.
pub(super) async fn broker(settings: &BrokerSettings) -> Result<Connection, BrokerError> {
    broker::connect(settings, CONNECTION_NAME).await
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

fn given(sources: &Sources) -> Given {
    Given::gather(sources.config.as_deref(), std::env::vars_os(), &sources.set)
}
