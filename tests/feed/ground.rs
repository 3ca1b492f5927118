//! A server of its own, and processes and events put there by hand, in transactions that tests hold
//! open, commit or roll back as they please.

use std::path::PathBuf;
use std::time::Duration;

use waybill::config::DatabaseSettings;
use waybill::core::{Kind, ProcessKey};
use waybill::dev::Postgres;
use waybill::store::{Connection, Store, migrate};

/// Tenant, token and kind of the processes that every ground has. Few events are the last one's.
pub(crate) const PROCESSES: [(&str, &str, Kind); 4] = [
    ("alpha", "t0", Kind::Upload),
    ("alpha", "t1", Kind::Order),
    ("beta", "t0", Kind::Order),
    ("rare", "t0", Kind::Upload),
];
pub(crate) const STEP: &str = "upload.step";
pub(crate) const PROGRESS: &str = "upload.progress";

pub(crate) struct Ground {
    pub(crate) store: Store,
    server: Postgres,
    folder: PathBuf,
}

impl Ground {
    /// A server with the schema and the processes.
    pub(crate) async fn start() -> Self {
        let name = format!("waybill-feed-{}", uuid::Uuid::new_v4().simple());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        let server = Postgres::start(&folder).await.unwrap();
        let store = Store::new(&DatabaseSettings {
            url: server.url().into(),
            ca_file: None,
            cert_file: None,
            key_file: None,
            pool: 20,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(10),
        })
        .unwrap();
        let ground = Self {
            store,
            server,
            folder,
        };
        let migrated = migrate::migrate(ground.connection().await).await.unwrap();
        assert_eq!(migrated.epoch, None, "migrating made the first");
        ground.clear().await;
        ground
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

    /// Leaves the processes, without events.
    pub(crate) async fn clear(&self) {
        let rows = PROCESSES.iter().map(|(tenant, token, kind)| {
            let (key, kind) = (ProcessKey::of(tenant, token).0, kind.name());
            format!("('{key}', '{tenant}', '{token}', '{kind}')")
        });
        let rows: Vec<_> = rows.collect();
        self.execute(&format!(
            "truncate waybill.event, waybill.process;
             insert into waybill.process (key, tenant, token, kind) values {}",
            rows.join(", ")
        ))
        .await;
    }

    /// Every event's id, in the order of the feed, whoever may see it.
    pub(crate) async fn log(&self) -> Vec<String> {
        let connection = self.connection().await;
        let rows = connection
            .query("select id from waybill.event order by epoch, tx, pos", &[])
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// Logs an event of one of the processes; its id says which it is of, and its type.
pub(crate) async fn log(connection: &Connection, process: usize, number: usize) -> String {
    let (tenant, token, _) = PROCESSES[process];
    let type_name = [STEP, PROGRESS][number % 2];
    let id = format!("{tenant}/{token}/{type_name}/{number}");
    let key = ProcessKey::of(tenant, token).0;
    let pos = i32::try_from(number).unwrap();
    connection
        .execute(
            "insert into waybill.event (process, source, id, type, time, late, data, pos)
             values ($1, 'test', $2, $3, now(), false, '{}', $4)",
            &[&key, &id, &type_name, &pos],
        )
        .await
        .unwrap();
    id
}
