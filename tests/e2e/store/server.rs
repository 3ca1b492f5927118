//! A PostgreSQL server of a test's own, with the schema.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio_postgres::Row;
use waybill::config::DatabaseSettings;
use waybill::dev::Postgres;
use waybill::store::admin::migrate;
use waybill::store::{Connection, Store};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    pub(crate) store: Store,
    pub(crate) server: Postgres,
    pub(crate) folder: PathBuf,
}

impl Server {
    /// With the schema.
    pub(crate) async fn start() -> Self {
        let server = Self::on(folder()).await;
        let migrated = migrate::migrate(server.connection().await).await.unwrap();
        assert_eq!(migrated.epoch, None, "migrating made the first");
        server
    }

    /// On the data in the folder.
    pub(crate) async fn on(folder: PathBuf) -> Self {
        let server = Postgres::start(&folder).await.unwrap();
        Self {
            store: store(&server.url()),
            server,
            folder,
        }
    }

    pub(crate) async fn end(self) {
        self.server.stop().await.unwrap();
        std::fs::remove_dir_all(&self.folder).unwrap();
    }

    pub(crate) async fn connection(&self) -> Connection {
        self.store.connection().await.unwrap()
    }

    pub(crate) async fn execute(&self, text: &str) {
        self.connection().await.batch_execute(text).await.unwrap();
    }

    pub(crate) async fn query(&self, text: &str) -> Vec<Row> {
        self.connection().await.query(text, &[]).await.unwrap()
    }

    /// One value, as text.
    pub(crate) async fn value(&self, query: &str) -> String {
        let rows = self.query(&format!("select ({query})::text")).await;
        rows[0].get(0)
    }

    /// The number of rows of a table, or of those that fit a condition after its name.
    pub(crate) async fn count(&self, rows: &str) -> i64 {
        let query = format!("select count(*) from waybill.{rows}");
        self.query(&query).await[0].get(0)
    }

    /// Waits until a query returns this value.
    pub(crate) async fn becomes(&self, query: &str, value: &str) {
        let began = Instant::now();
        while self.value(query).await != value {
            assert!(began.elapsed() < PATIENCE, "not {value} yet: {query}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Runs a statement as the pool's connections do, but with scans of whole tables allowed;
    /// returns its plan.
    pub(crate) async fn explain(&self, before: &str, statement: &str, values: &str) -> String {
        let prepare = format!("set enable_seqscan = on; prepare explained as {statement}");
        self.explain_prepared(&[&prepare, before], values).await
    }

    /// The same with its generic plan, as the pool's connections do.
    pub(crate) async fn explain_generic(&self, statement: &str, values: &str) -> String {
        let generic = "set plan_cache_mode = force_generic_plan";
        let prepare = format!("{generic}; prepare explained as {statement}");
        self.explain_prepared(&[&prepare], values).await
    }

    async fn explain_prepared(&self, before: &[&str], values: &str) -> String {
        let connection = self.connection().await;
        connection.batch_execute("deallocate all").await.unwrap();
        for statements in before {
            connection.batch_execute(statements).await.unwrap();
        }
        let values = match values {
            "" => String::new(),
            values => format!("({values})"),
        };
        let explain = "explain (analyze, costs off, timing off, summary off)";
        let explain = format!("{explain} execute explained{values}");
        let rows = connection.query(&explain, &[]).await.unwrap();
        connection.discard();
        let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        lines.join("\n")
    }
}

/// A new folder, which the server's user may read.
pub(crate) fn folder() -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let name = format!("waybill-store-{}", uuid::Uuid::new_v4().simple());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir(&folder).unwrap();
    let readable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&folder, readable).unwrap();
    folder
}

pub(crate) fn store(url: &str) -> Store {
    Store::new(&settings(url)).unwrap()
}

pub(crate) fn settings(url: &str) -> DatabaseSettings {
    DatabaseSettings {
        url: url.into(),
        ca_file: None,
        cert_file: None,
        key_file: None,
        pool: 20,
        connect_timeout: Duration::from_secs(5),
        statement_timeout: Duration::from_secs(30),
        lock_timeout: Duration::from_secs(10),
    }
}
