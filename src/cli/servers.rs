//! From the command line to settings, log lines, database, broker, and the server that stands for both.

use super::Sources;
use super::failure::Failure;
use super::remote::Client;
use crate::broker::{self, BrokerError, Connection};
use crate::config::{self, BrokerSettings, Given, Loaded, LogFormat, Settings};
use crate::domain::DEFAULT_TENANT;
use crate::store::Store;
use crate::telemetry;
use crate::wire::Limits;

/// What the broker's own tools list our connections as.
const CONNECTION_NAME: &str = "waybill command";
const NO_TENANT: &str = "--tenant is for those who ask database or broker: over HTTP (client.url) \
                         the key says whose processes are meant";

/// Where records are read.
pub(super) enum Records {
    /// In the database.
    Store(Store),
    /// By asking a server.
    Http(Client),
}

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

/// Where records are read: over HTTP where a server is named, else in the database, which needs no
/// broker. Connects when it is used.
pub(super) fn records(sources: &Sources) -> Result<Records, Failure> {
    let given = given(sources);
    if given.has_client() {
        let (client, _) = given.client()?;
        return Ok(Records::Http(Client::new(&client)?));
    }
    Ok(Records::Store(Store::new(&given.database()?)?))
}

/// Whose processes are meant: over HTTP the key says it.
pub(super) fn tenant<'a>(given: Option<&'a str>, sources: &Sources) -> Result<&'a str, Failure> {
    match given {
        Some(_) if self::given(sources).has_client() => Err(Failure::Usage(NO_TENANT.to_owned())),
        given => Ok(given.unwrap_or(DEFAULT_TENANT)),
    }
}

/// Where events are sent likewise, and what one of them may contain.
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
