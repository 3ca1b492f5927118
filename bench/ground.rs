//! The servers of the runs: one PostgreSQL and one RabbitMQ, both durable, and for each run a
//! database and a virtual host of its own.

use anyhow::Context;
use lapin::Channel;
use lapin::options::{QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, LongString};
use tokio::task::JoinSet;
use tokio_postgres::{Client, Error, NoTls, Row};
use waybill::broker;
use waybill::broker::topology;
use waybill::config;
use waybill::config::Settings;
use waybill::dev::Servers;
use waybill::store::Store;
use waybill::store::admin::migrate;

/// The queue that an independent consumer reads completions from.
pub(crate) const AUDIENCE_QUEUE: &str = "bench.audience";
/// The queue of announced stages.
pub(crate) const STAGES_QUEUE: &str = "bench.stages";

/// The measured program, built together with this one and in the same folder.
pub(crate) fn waybill() -> anyhow::Result<std::path::PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("waybill"))
}

/// The servers of all runs.
pub(crate) struct Ground {
    pub(crate) servers: Servers,
    /// Whether the server counts its statements.
    pub(crate) statistics: bool,
}

/// The database and virtual host of one run.
pub(crate) struct Field {
    name: String,
    pub(crate) settings: Settings,
    pub(crate) database_url: String,
    pub(crate) amqp_url: String,
}

impl Ground {
    /// Starts the servers.
    pub(crate) async fn new(statistics: bool) -> anyhow::Result<Self> {
        let mut servers = Servers::start_temporary().await?;
        if statistics {
            let sql = "alter system set shared_preload_libraries = 'pg_stat_statements'";
            execute(&servers.postgres.url(), &[sql]).await?;
            servers.postgres.restart().await?;
        }
        Ok(Self {
            servers,
            statistics,
        })
    }

    /// Creates them, with the schema, the topology and the audience's queue.
    pub(crate) async fn field(&self, name: &str) -> anyhow::Result<Field> {
        let create = format!("create database {name}");
        execute(&self.servers.postgres.url(), &["checkpoint", &create]).await?;
        let amqp_url = self.servers.rabbitmq.add_vhost(name).await?;
        let whole = self.servers.postgres.url();
        let (server, _) = whole.rsplit_once('/').context("a URL names its database")?;
        let database_url = format!("{server}/{name}");
        let settings = settings(&database_url, &amqp_url)?;
        let store = Store::new(&settings.database)?;
        migrate::migrate(store.connection().await?).await?;
        declare(&settings).await?;
        Ok(Field {
            name: name.to_owned(),
            settings,
            database_url,
            amqp_url,
        })
    }

    /// Removes them, so that they do not slow down the next run.
    pub(crate) async fn clear(&self, field: Field) -> anyhow::Result<()> {
        self.servers
            .rabbitmq
            .ctl(&["delete_vhost", &field.name])
            .await?;
        let drop = format!("drop database {} with (force)", field.name);
        execute(&self.servers.postgres.url(), &[&drop, "checkpoint"]).await
    }
}

impl Field {
    /// The name of its database and its virtual host.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// The settings of a program that uses these servers; otherwise the defaults.
fn settings(database_url: &str, amqp_url: &str) -> anyhow::Result<Settings> {
    let own = [
        format!("database.url={database_url}"),
        format!("broker.url={amqp_url}"),
    ];
    let none = std::iter::empty::<(String, String)>();
    let loaded = config::load(None, none, &own).map_err(|faults| anyhow::anyhow!("{faults}"))?;
    Ok(loaded.settings)
}

async fn declare(settings: &Settings) -> anyhow::Result<()> {
    let connection = broker::connect(&settings.broker, "bench set-up").await?;
    topology::declare(&connection, 1).await?;
    let channel = connection.channel().await?;
    let queues = [
        (AUDIENCE_QUEUE, topology::COMPLETIONS_EXCHANGE),
        (STAGES_QUEUE, topology::STAGES_EXCHANGE),
    ];
    for (queue, exchange) in queues {
        bind(&channel, queue, exchange, "#").await?;
    }
    connection.close().await;
    Ok(())
}

/// Declares a quorum queue and binds it to an exchange by that key.
pub(crate) async fn bind(
    channel: &Channel,
    queue: &str,
    exchange: &str,
    key: &str,
) -> lapin::Result<()> {
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    let mut arguments = FieldTable::default();
    let quorum = AMQPValue::LongString(LongString::from("quorum"));
    arguments.insert("x-queue-type".into(), quorum);
    channel
        .queue_declare(queue.into(), options, arguments)
        .await?;
    let (options, none) = (QueueBindOptions::default(), FieldTable::default());
    channel
        .queue_bind(queue.into(), exchange.into(), key.into(), options, none)
        .await
}

/// Runs statements one by one on a connection of their own.
pub(crate) async fn execute(url: &str, statements: &[&str]) -> anyhow::Result<()> {
    let (client, _driving) = session(url).await?;
    for statement in statements {
        client.batch_execute(statement).await?;
    }
    Ok(())
}

/// Rows of one query on a connection of its own.
pub(crate) async fn query(url: &str, statement: &str) -> anyhow::Result<Vec<Row>> {
    let (client, _driving) = session(url).await?;
    Ok(client.query(statement, &[]).await?)
}

/// A connection, and what drives it.
pub(crate) async fn session(url: &str) -> anyhow::Result<(Client, JoinSet<Result<(), Error>>)> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let mut driving = JoinSet::new();
    driving.spawn(connection);
    Ok((client, driving))
}
