//! The private servers: what survives a stop, a kill and a restart.

use std::{error::Error, fs, net::TcpListener, path::PathBuf, time::Duration};

use lapin::{
    BasicProperties, Connection, ConnectionProperties, ExchangeKind,
    options::{
        BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions,
        QueueDeclareOptions,
    },
    types::FieldTable,
};
use tokio_postgres::NoTls;
use waybill::dev::{DevError, Postgres, RabbitMq, Servers};

use crate::dev::processes::{command_line, processes_of};
use crate::support::worker::signal;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[tokio::test]
async fn both_servers_answer_and_leave_nothing_behind() -> Outcome {
    let servers = Servers::start_temporary().await?;
    let folder = servers.folder().to_owned();
    assert_eq!(query(&servers.postgres, "select 6 * 7").await?, 42);
    publish(&servers.rabbitmq.url(), "jobs").await?;

    let tenant = servers.rabbitmq.add_vhost("tenant/1").await?;
    publish(&tenant, "jobs").await?;
    declare_hash_exchange(&tenant).await?;
    let vhosts = servers.rabbitmq.ctl(&["list_vhosts", "--silent"]).await?;
    assert!(vhosts.lines().any(|line| line == "tenant/1"), "{vhosts}");

    let pids = [servers.postgres.pid(), servers.rabbitmq.pid()];
    assert!(command_line(pids[0]).contains("postgres"));
    assert!(command_line(pids[1]).contains("beam"));
    servers.stop().await?;
    assert!(!folder.exists());
    assert!(pids.iter().all(|&pid| command_line(pid).is_empty()));
    assert_eq!(processes_of(&folder), Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn rows_survive_stop_kill_and_restart_on_the_same_port() -> Outcome {
    let folder = Scratch::new("rows");
    let server = Postgres::start(&folder.0).await?;
    let port = server.port();
    query(&server, "create table kept (n int)").await?;
    query(&server, "insert into kept values (1)").await?;
    server.stop().await?;

    let mut server = Postgres::start(&folder.0).await?;
    assert_eq!(server.port(), port);
    query(&server, "insert into kept values (1)").await?;
    let pid = server.pid();
    server.kill().await?;
    assert!(query(&server, "select 1").await.is_err());
    let data = folder.0.join("postgres/data");
    assert_eq!(processes_of(&data), Vec::<String>::new());
    server.restart().await?;
    assert_ne!(server.pid(), pid);
    assert_eq!(query(&server, "select count(*)::int from kept").await?, 2);

    server.kill().await?;
    let thief = TcpListener::bind(("127.0.0.1", port))?;
    let refused = server.restart().await;
    assert!(matches!(refused, Err(DevError::PortInUse { port: used, .. }) if used == port));
    drop(thief);
    server.restart().await?;

    // As after a crash: without notice to the guard.
    signal("KILL", server.pid()).await;
    server.restart().await?;
    assert_eq!(query(&server, "select count(*)::int from kept").await?, 2);
    server.restart().await?;
    assert_eq!(query(&server, "select count(*)::int from kept").await?, 2);
    server.stop().await?;
    Ok(())
}

#[tokio::test]
async fn messages_survive_stop_kill_and_restart_on_the_same_port() -> Outcome {
    let folder = Scratch::new("messages");
    let server = RabbitMq::start(&folder.0).await?;
    let url = server.url();
    publish(&url, "kept").await?;
    server.stop().await?;

    let mut server = RabbitMq::start(&folder.0).await?;
    assert_eq!(server.url(), url);
    publish(&url, "kept").await?;
    server.kill().await?;
    assert!(take(&url, "kept").await.is_err());
    server.restart().await?;
    assert!(take(&url, "kept").await? && take(&url, "kept").await?);
    assert!(!take(&url, "kept").await?);

    server.pause().await?;
    let silent = tokio::time::timeout(Duration::from_millis(300), take(&url, "kept"));
    assert!(silent.await.is_err());
    server.resume().await?;
    assert!(!take(&url, "kept").await?);
    server.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_paused_server_does_not_answer_until_it_is_resumed() -> Outcome {
    let folder = Scratch::new("paused");
    let mut server = Postgres::start(&folder.0).await?;
    server.pause().await?;
    let silent = tokio::time::timeout(Duration::from_millis(300), query(&server, "select 1"));
    assert!(silent.await.is_err());
    server.resume().await?;
    assert_eq!(query(&server, "select 1").await?, 1);

    server.pause().await?;
    server.kill().await?;
    server.restart().await?;
    server.pause().await?;
    server.stop().await?;
    assert_eq!(processes_of(&folder.0), Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn a_folder_in_use_is_refused_and_another_one_is_not() -> Outcome {
    let (one, two) = (Scratch::new("one"), Scratch::new("two"));
    let first = Postgres::start(&one.0).await?;
    let Err(refused) = Postgres::start(&one.0).await else {
        return Err("the folder was used twice".into());
    };
    assert!(matches!(refused, DevError::InUse { pid, .. } if pid == std::process::id()));
    assert!(refused.to_string().contains("is in use by process"));
    let second = Postgres::start(&two.0).await?;
    assert_ne!(first.port(), second.port());
    first.stop().await?;
    second.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() -> Outcome {
    let folder = Scratch::new("broken");
    let server = Postgres::start(&folder.0).await?;
    server.stop().await?;
    let settings = folder.0.join("postgres/data/postgresql.conf");
    fs::write(settings, "nonsense\n")?;
    let Err(error) = Postgres::start(&folder.0).await else {
        return Err("a broken configuration was accepted".into());
    };
    let message = error.to_string();
    assert!(message.contains("syntax error"), "{message}");
    Ok(())
}

/// A folder of one test, removed with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let own = format!("waybill-dev-test-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(own))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs a statement; the number in its first row, or 0.
async fn query(server: &Postgres, statement: &str) -> Outcome<i32> {
    let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await?;
    let rows = async {
        let rows = client.query(statement, &[]).await;
        drop(client);
        rows
    };
    let (rows, _) = tokio::join!(rows, connection);
    Ok(rows?.first().map_or(0, |row| row.get(0)))
}

/// Puts one durable message into a durable queue and waits for its confirm.
async fn publish(url: &str, queue: &str) -> Outcome {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    let durable = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    channel
        .queue_declare(queue.into(), durable, FieldTable::default())
        .await?;
    let confirm = channel
        .basic_publish(
            "".into(),
            queue.into(),
            BasicPublishOptions::default(),
            b"hello",
            BasicProperties::default().with_delivery_mode(2),
        )
        .await?;
    assert!(confirm.await?.is_ack());
    connection.close(200, "done".into()).await?;
    Ok(())
}

/// Fails if the plugin that spreads messages over partitions is not enabled.
async fn declare_hash_exchange(url: &str) -> Outcome {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let kind = ExchangeKind::Custom("x-consistent-hash".to_owned());
    let options = ExchangeDeclareOptions::default();
    channel
        .exchange_declare("spread".into(), kind, options, FieldTable::default())
        .await?;
    connection.close(200, "done".into()).await?;
    Ok(())
}

/// Gets one message from a queue; returns whether there was one.
async fn take(url: &str, queue: &str) -> Outcome<bool> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let no_ack = BasicGetOptions { no_ack: true };
    let got = channel.basic_get(queue.into(), no_ack).await?.is_some();
    connection.close(200, "done".into()).await?;
    Ok(got)
}
