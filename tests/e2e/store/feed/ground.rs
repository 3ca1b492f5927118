//! Processes and events inserted by hand, in transactions that tests keep open, commit or roll
//! back.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use waybill::domain::{Event, Happening, Kind, ProcessKey, Stamp};
use waybill::store::write::batch;
use waybill::store::write::batch::Changes;
use waybill::store::write::event::NewEvent;
use waybill::store::{Connection, Store};

use crate::store::server::Server;

/// Tenant, token and kind of the processes that every ground has. The last one has few events.
pub(crate) const PROCESSES: [(&str, &str, Kind); 4] = [
    ("alpha", "t0", Kind::Upload),
    ("alpha", "t1", Kind::Order),
    ("beta", "t0", Kind::Order),
    ("rare", "t0", Kind::Upload),
];
pub(crate) const STEP: &str = "upload.step";
pub(crate) const PROGRESS: &str = "upload.progress";

impl Server {
    /// With the schema and the processes.
    pub(crate) async fn with_processes() -> Self {
        let server = Self::start().await;
        server.clear().await;
        server
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

    /// Every event's id of every tenant, in the order of the feed.
    pub(crate) async fn log(&self) -> Vec<String> {
        let rows = self
            .query("select id from waybill.event order by epoch, tx, pos")
            .await;
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// The id of an event, which contains its process and its type.
fn name(process: usize, number: usize) -> (String, &'static str) {
    let (tenant, token, kind) = PROCESSES[process];
    let type_name = match kind {
        Kind::Upload => [STEP, PROGRESS][number % 2],
        Kind::Order => ["order.step", "order.progress"][number % 2],
    };
    (format!("{tenant}/{token}/{type_name}/{number}"), type_name)
}

/// Logs an event in a batch of its own, as workers do.
pub(crate) async fn write(store: &Store, process: usize, number: usize) -> String {
    let connection = store.connection().await.unwrap();
    let id = begin(&connection, process, number).await;
    commit(&connection).await;
    id
}

/// The first half of a batch with one event.
pub(crate) async fn begin(connection: &Connection, process: usize, number: usize) -> String {
    let (tenant, token, kind) = PROCESSES[process];
    let (id, type_name) = name(process, number);
    let event = NewEvent {
        time_given: true,
        key: ProcessKey::of(tenant, token),
        event: Event {
            tenant: tenant.to_owned(),
            token: token.to_owned(),
            kind,
            stamp: Stamp {
                time: Timestamp::UNIX_EPOCH,
                sequence: None,
                source: "test".to_owned(),
                id: id.clone(),
            },
            happening: Happening::Step,
        },
        type_name,
        data: "{}".to_owned(),
    };
    let loaded = batch::begin(connection, &[&event], &HashSet::new(), None).await;
    assert_eq!(loaded.unwrap().new, [true]);
    id
}

/// The second half of the batch.
pub(crate) async fn commit(connection: &Connection) {
    let changes = Changes::default();
    let committed = batch::commit(connection, &changes, Duration::from_secs(1), 0);
    committed.await.unwrap();
}

/// Logs an event of one of the processes; its id contains the process and its type.
pub(crate) async fn log(connection: &Connection, process: usize, number: usize) -> String {
    let (tenant, token, _) = PROCESSES[process];
    let (id, type_name) = name(process, number);
    let key = ProcessKey::of(tenant, token).0;
    let pos = i32::try_from(number).unwrap();
    connection
        .execute(
            "insert into waybill.event (process, source, id, type, time, late, data, epoch, pos)
             values ($1, 'test', $2, $3, now(), false, '{}',
                     (select max(number) from waybill.epoch), $4)",
            &[&key, &id, &type_name, &pos],
        )
        .await
        .unwrap();
    id
}
