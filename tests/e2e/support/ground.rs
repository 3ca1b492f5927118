//! What every test runs on: private servers, and on them a database and a virtual host of the
//! test's own.

use std::{
    future::Future,
    path::PathBuf,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    runtime::Runtime,
    sync::{Mutex, MutexGuard, OnceCell, watch},
    task::JoinSet,
    time::timeout,
};
use tokio_postgres::{NoTls, Row, types::ToSql};
use waybill::dev::Servers;
use waybill::store::Store;
use waybill::store::admin::migrate;
use waybill::{broker, config};

use super::address::with_last;
use super::servers::Ours;
use crate::ops::database_roles;

/// Longer than anything here takes; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than any whole test takes.
const TEST_MAX: Duration = Duration::from_secs(180);
/// Virtual hosts, one per test, created while the first tests run: one by one takes seconds each.
const VHOSTS: usize = 460;
/// How many are created at a time.
const VHOSTS_AT_ONCE: usize = 20;
const TEMPLATE: &str = "e2e_template";

/// One for all tests, because the shared servers belong to it.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
static SHARED: OnceCell<Shared> = OnceCell::const_new();
/// Servers that are killed come on top of the shared ones: one such pair at a time.
static OWN_SERVERS: Mutex<()> = Mutex::const_new(());

struct Shared {
    servers: Arc<Ours>,
    used: AtomicUsize,
    /// How many virtual hosts there are.
    vhosts: watch::Receiver<usize>,
    creating: Mutex<()>,
}

/// A migrated database and a virtual host with Waybill's exchanges and queues.
pub(crate) struct Ground {
    pub(crate) database_url: String,
    /// The same database, as the role that Waybill runs as.
    pub(crate) run_url: String,
    /// The same as the role of commands, once there are tables.
    pub(crate) operator_url: String,
    pub(crate) broker_url: String,
    /// Where the workers' logs are.
    pub(crate) folder: PathBuf,
    /// Only if the test has servers of its own.
    pub(crate) servers: Option<Servers>,
    _turn: Option<MutexGuard<'static, ()>>,
}

/// Runs a test, with a time limit.
pub(crate) fn run(test: impl Future<Output = ()>) {
    RUNTIME.block_on(async {
        let ended = timeout(TEST_MAX, test).await;
        assert!(ended.is_ok(), "the test took longer than {TEST_MAX:?}");
    });
}

impl Ground {
    /// Runs a test on the shared servers.
    pub(crate) fn test(name: &str, test: impl AsyncFnOnce(Self)) {
        run(async { test(Self::shared(name).await).await });
    }

    /// The same with nothing in database and virtual host.
    pub(crate) fn test_empty(name: &str, test: impl AsyncFnOnce(Self)) {
        run(async { test(Self::empty(name).await).await });
    }

    /// The same with the schema only.
    pub(crate) fn test_migrated(name: &str, test: impl AsyncFnOnce(Self)) {
        run(async { test(Self::migrated(name).await).await });
    }

    /// On the shared servers, which a test must not stop.
    pub(crate) async fn shared(name: &str) -> Self {
        let ground = Self::on_shared(name, TEMPLATE).await;
        ground.declare().await;
        ground
    }

    /// The same with the schema only.
    pub(crate) async fn migrated(name: &str) -> Self {
        Self::on_shared(name, TEMPLATE).await
    }

    /// The same with nothing in database and virtual host.
    pub(crate) async fn empty(name: &str) -> Self {
        Self::on_shared(name, "template0").await
    }

    async fn on_shared(name: &str, template: &str) -> Self {
        let shared = SHARED.get_or_init(start_shared).await;
        let number = shared.used.fetch_add(1, Ordering::Relaxed);
        assert!(number < VHOSTS, "create more virtual hosts");
        let database = format!("e2e_{number}");
        let database_url = with_last(&shared.servers.database_url(), &database);
        let operator_url = match template {
            TEMPLATE => database_roles::login(&database_url, database_roles::OPERATOR),
            _ => database_url.clone(),
        };
        let ground = Self {
            run_url: database_roles::login(&database_url, database_roles::RUN),
            operator_url,
            database_url,
            broker_url: with_last(&shared.servers.amqp_url(), &database),
            folder: folder(name),
            servers: None,
            _turn: None,
        };
        let mut vhosts = shared.vhosts.clone();
        let created = vhosts.wait_for(|vhosts| number < *vhosts).await;
        drop(created.expect("virtual hosts"));
        let creating = shared.creating.lock().await;
        let create = format!("create database {database} template {template}");
        execute(&shared.servers.database_url(), &create).await;
        drop(creating);
        ground
    }

    /// On servers of its own, which may be killed.
    pub(crate) async fn own(name: &str) -> Self {
        let turn = OWN_SERVERS.lock().await;
        let servers = Servers::start_temporary().await.expect("private servers");
        let ground = Self {
            run_url: database_roles::login(&servers.postgres.url(), database_roles::RUN),
            operator_url: database_roles::login(&servers.postgres.url(), database_roles::OPERATOR),
            database_url: servers.postgres.url(),
            broker_url: servers.rabbitmq.url(),
            folder: folder(name),
            servers: Some(servers),
            _turn: Some(turn),
        };
        database_roles::set_up(&ground.database_url).await;
        ground.declare().await;
        // A broker that is killed right after it declared its first queues can come back without
        // them: it keeps its own directory of them in memory for half a second.
        tokio::time::sleep(Duration::from_secs(2)).await;
        ground
    }

    /// The name of its virtual host; on the shared servers its database has the same.
    pub(crate) fn vhost(&self) -> String {
        let last = self.broker_url.rsplit_once('/');
        last.expect("the address has a path").1.to_owned()
    }

    pub(crate) fn settings(&self) -> config::Settings {
        settings(&self.database_url, &self.broker_url)
    }

    pub(crate) fn store(&self) -> Store {
        Store::new(&self.settings().database).expect("settings of the database")
    }

    pub(crate) async fn broker(&self) -> broker::Connection {
        let connected = broker::connect(&self.settings().broker, "e2e").await;
        connected.expect("the broker is there")
    }

    /// Rows, or none while the database is away.
    pub(crate) async fn try_rows(
        &self,
        text: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Option<Vec<Row>> {
        try_rows(&self.database_url, text, values).await
    }

    pub(crate) async fn rows(&self, text: &str) -> Vec<Row> {
        let rows = self.try_rows(text, &[]).await;
        rows.unwrap_or_else(|| panic!("no result of: {text}"))
    }

    /// The first column of the rows.
    pub(crate) async fn texts(&self, text: &str) -> Vec<String> {
        self.rows(text).await.iter().map(|row| row.get(0)).collect()
    }

    /// The first two columns of the rows.
    pub(crate) async fn pairs(&self, text: &str) -> Vec<(String, String)> {
        let rows = self.rows(text).await;
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// One number; `-1` while the database is away.
    pub(crate) async fn number(&self, text: &str) -> i64 {
        match self.try_rows(text, &[]).await.as_deref() {
            Some([row, ..]) => row.get(0),
            _ => -1,
        }
    }

    /// The number of rows of a table, or of those that fit a condition after its name; `-1` while the
    /// database is away.
    pub(crate) async fn count(&self, rows: &str) -> i64 {
        let query = format!("select count(*) from waybill.{rows}");
        self.number(&query).await
    }

    pub(crate) async fn execute(&self, text: &str) {
        execute(&self.database_url, text).await;
    }

    /// Messages that wait in a queue; `None` while the broker is away or the queue is missing.
    pub(crate) async fn ready(&self, queue: &str) -> Option<u32> {
        let settings = self.settings().broker;
        let connection = broker::connect(&settings, "e2e").await.ok()?;
        let count = broker::topology::ready_count(&connection, queue).await;
        connection.close().await;
        count.ok()
    }

    async fn declare(&self) {
        let connection = self.broker().await;
        let declared = broker::topology::declare(&connection, 1).await;
        declared.expect("exchanges and queues");
        connection.close().await;
    }
}

/// Executes SQL on the shared database server.
pub(crate) async fn administer(text: &str) {
    let shared = SHARED.get().expect("a ground on it");
    execute(&shared.servers.database_url(), text).await;
}

/// Runs `rabbitmqctl` on the shared broker; returns what it printed.
pub(crate) async fn ctl(args: &[&str]) -> String {
    let shared = SHARED.get().expect("a ground on it");
    shared.servers.ctl(args).await
}

/// Polls until `probe` returns a value.
pub(crate) async fn until<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = probe().await {
            return value;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Polls until it is so.
pub(crate) async fn holds(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    until(what, async || is_so().await.then_some(())).await;
}

/// Polls until there are so many rows, counted as by [`Ground::count`].
pub(crate) async fn reaches(ground: &Ground, rows: &str, number: i64) {
    let what = format!("{number} of: {rows}");
    holds(&what, async || ground.count(rows).await == number).await;
}

/// Checks the number of rows, counted as by [`Ground::count`].
pub(crate) async fn assert_rows(ground: &Ground, rows: &str, number: i64) {
    assert_eq!(ground.count(rows).await, number, "{rows}");
}

/// Checks that a text contains these words.
pub(crate) fn assert_contains(text: &str, words: &str) {
    assert!(text.contains(words), "{words:?} is not in\n{text}");
}

async fn start_shared() -> Shared {
    let servers = Ours::start().await;
    let url = servers.database_url();
    execute(&url, &format!("create database {TEMPLATE}")).await;
    database_roles::set_up(&with_last(&url, TEMPLATE)).await;
    let (created, vhosts) = watch::channel(0);
    let servers = Arc::new(servers);
    let creating = Arc::clone(&servers);
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends when all are there, or with the tests"
    )]
    tokio::spawn(async move {
        for first in (0..VHOSTS).step_by(VHOSTS_AT_ONCE) {
            let next = first + VHOSTS_AT_ONCE;
            creating.create_vhosts(first..next).await;
            created.send_replace(next);
        }
    });
    Shared {
        servers,
        vhosts,
        used: AtomicUsize::new(0),
        creating: Mutex::new(()),
    }
}

pub(crate) async fn migrate_all(url: &str) {
    let settings = settings(url, "amqp://none:none@127.0.0.1/%2f");
    let store = Store::new(&settings.database).expect("settings of the database");
    let connection = store.connection().await.expect("the database is there");
    migrate::migrate(connection).await.expect("the schema");
}

fn settings(database_url: &str, broker_url: &str) -> config::Settings {
    let own = [
        format!("database.url={database_url}"),
        format!("broker.url={broker_url}"),
    ];
    let loaded = config::load(None, std::iter::empty::<(String, String)>(), &own);
    loaded.expect("settings").settings
}

/// A database session, until it is dropped.
pub(crate) struct Session {
    pub(crate) client: tokio_postgres::Client,
    _driving: JoinSet<Result<(), tokio_postgres::Error>>,
}

impl Session {
    pub(crate) async fn open(url: &str) -> Self {
        let connected = tokio_postgres::connect(url, NoTls).await;
        let (client, connection) = connected.expect("the database is there");
        let mut driving = JoinSet::new();
        driving.spawn(connection);
        Self {
            client,
            _driving: driving,
        }
    }

    pub(crate) async fn execute(&self, text: &str) {
        self.client.batch_execute(text).await.expect(text);
    }
}

/// Executes SQL on a database.
pub(crate) async fn execute(url: &str, text: &str) {
    Session::open(url).await.execute(text).await;
}

async fn try_rows(url: &str, text: &str, values: &[&(dyn ToSql + Sync)]) -> Option<Vec<Row>> {
    let connect = tokio_postgres::connect(url, NoTls);
    let (client, connection) = timeout(Duration::from_secs(3), connect).await.ok()?.ok()?;
    let mut driving = JoinSet::new();
    driving.spawn(connection);
    let rows = timeout(Duration::from_secs(10), client.query(text, values))
        .await
        .ok()?;
    match rows {
        Ok(rows) => Some(rows),
        Err(error)
            if error
                .as_db_error()
                .is_some_and(|e| e.code().code().starts_with("42")) =>
        {
            panic!("{text}: {error:?}")
        }
        Err(_) => None,
    }
}

/// An own folder below the build's, emptied first.
pub(crate) fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("e2e")
        .join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("the build's folder is ours");
    path
}
