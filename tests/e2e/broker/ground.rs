//! What the broker's tests stand on: an address, an empty virtual host, and short ways to get
//! messages in and out.

use std::{
    path::PathBuf,
    sync::{Arc, LazyLock},
    time::Duration,
};

use lapin::{
    BasicProperties,
    options::{BasicPublishOptions, ExchangeDeleteOptions, QueueDeleteOptions},
};
use tokio::{
    runtime::Runtime,
    sync::{Mutex, OwnedMutexGuard},
    time::timeout,
};
use waybill::broker::{BrokerError, Connection, Consumer, Delivery, Next, connect, topology};
use waybill::config::BrokerSettings;
use waybill::dev::Servers;

/// Longer than anything here takes; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

static TURN: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);

/// A broker with nothing of Waybill's on it, for one test at a time.
pub(crate) struct Ground {
    pub(crate) conn: Connection,
    _turn: OwnedMutexGuard<()>,
}

/// The broker named by `AMQP_URL`, which may be emptied; without one, a private broker that ends
/// with the tests.
#[expect(
    clippy::disallowed_methods,
    reason = "a test is told by its environment which broker to use"
)]
pub(crate) fn amqp_url() -> String {
    static PRIVATE: LazyLock<(Runtime, Servers)> = LazyLock::new(|| {
        let start = || {
            let runtime = Runtime::new().unwrap();
            let servers = runtime.block_on(Servers::start_temporary()).unwrap();
            (runtime, servers)
        };
        // On a thread of its own: the test that comes first runs inside a runtime already.
        std::thread::spawn(start).join().unwrap()
    });
    std::env::var("AMQP_URL").unwrap_or_else(|_| PRIVATE.1.rabbitmq.url())
}

pub(crate) fn settings(url: &str) -> BrokerSettings {
    BrokerSettings {
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

pub(crate) async fn connected() -> Connection {
    connect(&settings(&amqp_url()), "waybill tests")
        .await
        .unwrap()
}

pub(crate) async fn ground() -> Ground {
    let turn = Arc::clone(&TURN).lock_owned().await;
    let conn = connected().await;
    let channel = conn.channel().await.unwrap();
    for exchange in [
        topology::EVENTS_EXCHANGE,
        topology::HASH_EXCHANGE,
        topology::COMPLETIONS_EXCHANGE,
        topology::STAGES_EXCHANGE,
        topology::DEAD_EXCHANGE,
    ] {
        let options = ExchangeDeleteOptions::default();
        channel
            .exchange_delete(exchange.into(), options)
            .await
            .unwrap();
    }
    let partitions = (0..4).map(topology::events_queue);
    for queue in partitions.chain([topology::DEAD_QUEUE.to_owned()]) {
        let options = QueueDeleteOptions::default();
        channel.queue_delete(queue.into(), options).await.unwrap();
    }
    Ground { conn, _turn: turn }
}

/// A new empty queue of the tests' own.
pub(crate) async fn queue(conn: &Connection, name: &str) {
    let channel = conn.channel().await.unwrap();
    let options = QueueDeleteOptions::default();
    channel.queue_delete(name.into(), options).await.unwrap();
    let options = lapin::options::QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel
        .queue_declare(name.into(), options, Default::default())
        .await
        .unwrap();
}

/// Publishes straight into `queue` through the library, with properties of any kind.
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

/// Waits until `queue` has `count` messages that nobody holds.
pub(crate) async fn wait_ready(conn: &Connection, queue: &str, count: u32) {
    let wait = async {
        while topology::ready_count(conn, queue).await.unwrap() != count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap();
}

pub(crate) async fn refusal(settings: &BrokerSettings) -> BrokerError {
    connect(settings, "waybill tests").await.unwrap_err()
}

/// The address up to the virtual host, and the virtual host.
fn split(url: &str) -> (&str, &str) {
    url.rsplit_once('/')
        .expect("the address names a virtual host")
}

pub(crate) fn with_vhost(vhost: &str) -> String {
    let url = amqp_url();
    format!("{}/{vhost}", split(&url).0)
}

pub(crate) fn with_password(password: &str) -> String {
    let url = amqp_url();
    let (login, rest) = url.rsplit_once('@').expect("the address names a user");
    let (user, _) = login.rsplit_once(':').expect("the address has a password");
    format!("{user}:{password}@{rest}")
}

/// The address by way of another host and port.
pub(crate) fn by_way_of(scheme: &str, place: &str) -> String {
    let url = amqp_url();
    let (_, rest) = url.split_once("://").expect("the address has a scheme");
    let (login, rest) = rest.rsplit_once('@').expect("the address names a user");
    format!("{scheme}://{login}@{place}/{}", split(rest).1)
}

/// User, password and virtual host.
pub(crate) fn login() -> (String, String, String) {
    let url = amqp_url();
    let (start, rest) = url.rsplit_once('@').expect("the address names a user");
    let (_, login) = start.split_once("://").expect("the address has a scheme");
    let (user, password) = login.split_once(':').expect("the address has a password");
    let vhost = split(rest).1.replace("%2f", "/");
    (user.to_owned(), password.to_owned(), vhost)
}

/// Host and port of the broker.
pub(crate) fn place() -> String {
    let url = amqp_url();
    let start = url.rfind('@').map_or(0, |at| at + 1);
    split(&url[start..]).0.to_owned()
}

/// An own folder below the build's, emptied first.
pub(crate) fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}
