//! What the broker's tests run on: an address, an empty virtual host, and short ways to get
//! messages in and out.

use std::time::Duration;

use lapin::BasicProperties;
use lapin::options::{BasicPublishOptions, QueueDeclareOptions};
use tokio::time::timeout;
use waybill::broker::{BrokerError, Connection, Consumer, Delivery, Next, connect, topology};
use waybill::config::BrokerSettings;

use crate::support::address;
use crate::support::certificates::{Certificates, acceptor};
use crate::support::ground::{self, run};
use crate::support::proxy::Proxy;

/// Longer than anything here takes; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// A virtual host with nothing in it.
pub(crate) struct Ground {
    pub(crate) conn: Connection,
    pub(crate) url: String,
}

async fn ground() -> Ground {
    let url = ground::Ground::empty("broker").await.broker_url;
    let conn = connect(&settings(&url), "waybill tests").await.unwrap();
    Ground { conn, url }
}

/// Runs a test with nothing in the virtual host.
pub(crate) fn on_empty(test: impl AsyncFnOnce(Ground)) {
    run(async { test(ground().await).await });
}

/// Runs a test with a queue that has this many messages.
pub(crate) fn on_queue(name: &str, messages: usize, test: impl AsyncFnOnce(Ground)) {
    on_empty(async |ground| {
        queue(&ground.conn, name).await;
        fill(&ground.conn, name, messages).await;
        test(ground).await;
    });
}

impl Ground {
    pub(crate) async fn connected(&self) -> Connection {
        connect(&settings(&self.url), "waybill tests")
            .await
            .unwrap()
    }

    /// A proxy in front of the broker.
    pub(crate) async fn proxy(&self) -> Proxy {
        Proxy::before(&self.url).await.0
    }

    /// A proxy that terminates TLS.
    pub(crate) async fn tls_proxy(
        &self,
        server: &Certificates,
        clients: Option<&Certificates>,
    ) -> Proxy {
        Proxy::ending_tls(&self.url, acceptor(server, clients)).await
    }

    pub(crate) fn with_vhost(&self, vhost: &str) -> String {
        address::with_last(&self.url, vhost)
    }

    pub(crate) fn with_password(&self, password: &str) -> String {
        let own = address::password(&self.url);
        self.url
            .replace(&format!(":{own}@"), &format!(":{password}@"))
    }

    /// The address with another host and port.
    pub(crate) fn by_way_of(&self, scheme: &str, place: &str) -> String {
        let (_, rest) = self.url.split_once("://").unwrap();
        let (login, rest) = rest.rsplit_once('@').unwrap();
        format!("{scheme}://{login}@{place}/{}", split(rest).1)
    }
}

pub(crate) fn settings(url: &str) -> BrokerSettings {
    BrokerSettings {
        plaintext: false,
        url: url.to_owned().into(),
        ca_file: None,
        cert_file: None,
        key_file: None,
        management_url: None,
        heartbeat: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(5),
        confirm_timeout: Duration::from_secs(10),
        partitions: 1,
        prefetch: 100,
    }
}

/// A new queue of the tests' own.
pub(crate) async fn queue(conn: &Connection, name: &str) {
    let channel = conn.channel().await.unwrap();
    let options = QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel
        .queue_declare(name.into(), options, Default::default())
        .await
        .unwrap();
}

/// Publishes directly to `queue` through the library, with properties of any kind.
pub(crate) async fn put(conn: &Connection, queue: &str, body: &[u8], properties: BasicProperties) {
    let channel = conn.channel().await.unwrap();
    channel.confirm_select(Default::default()).await.unwrap();
    let options = BasicPublishOptions::default();
    let publish = channel.basic_publish("".into(), queue.into(), options, body, properties);
    assert!(publish.await.unwrap().await.unwrap().is_ack());
}

pub(crate) async fn fill(conn: &Connection, queue: &str, count: usize) {
    for n in 0..count {
        put(
            conn,
            queue,
            n.to_string().as_bytes(),
            BasicProperties::default(),
        )
        .await;
    }
}

pub(crate) async fn next(consumer: &mut Consumer) -> Next {
    timeout(PATIENCE, consumer.next()).await.unwrap()
}

pub(crate) async fn delivery(consumer: &mut Consumer) -> Delivery {
    match next(consumer).await {
        Next::Delivery(delivery) => *delivery,
        Next::Ended(ended) => panic!("the consumer ended: {ended:?}"),
    }
}

/// Waits until `queue` has `count` ready messages.
pub(crate) async fn wait_ready(conn: &Connection, queue: &str, count: u32) {
    ground::holds(&format!("{count} messages in {queue}"), async || {
        topology::ready_count(conn, queue).await.unwrap() == count
    })
    .await;
}

pub(crate) async fn refusal(settings: &BrokerSettings) -> BrokerError {
    connect(settings, "waybill tests").await.unwrap_err()
}

/// The address up to the virtual host, and the virtual host.
fn split(url: &str) -> (&str, &str) {
    url.rsplit_once('/')
        .expect("the address names a virtual host")
}

/// User, password and virtual host.
pub(crate) fn login(url: &str) -> (String, String, String) {
    let (start, rest) = url.rsplit_once('@').unwrap();
    let (_, login) = start.split_once("://").unwrap();
    let (user, password) = login.split_once(':').unwrap();
    let vhost = split(rest).1.replace("%2f", "/");
    (user.to_owned(), password.to_owned(), vhost)
}

/// Host and port of the broker.
pub(crate) fn place(url: &str) -> String {
    let start = url.rfind('@').map_or(0, |at| at + 1);
    split(&url[start..]).0.to_owned()
}
