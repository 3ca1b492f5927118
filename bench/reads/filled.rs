//! Very many ended processes with their logs, written straight into the tables.

use uuid::Uuid;
use waybill::clock;
use waybill::domain::{ProcessKey, Stamp};
use waybill::store::stamp;

use crate::ground::{Field, execute, session};
use crate::workload::SOURCE;

/// Processes that one statement writes.
const AT_ONCE: u32 = 10_000;
/// Events of each.
pub(super) const EVENTS_EACH: u32 = 4;

const PROCESSES: &str = "insert into waybill.process
    (key, tenant, token, kind, status, opened_at, opening_stamp, source, filename, module, workflow,
     attributes, total, total_stamp, items, ended_at, sealed_at)
    select key, 'default', token, 'upload', 'done', now() - interval '1 hour', $3, 'bench',
           'scan.pdf', 'scanner', 'intake', '{\"desk\":7}', 2, $3, 2, now(), now()
    from unnest($1::uuid[], $2::text[]) as p(key, token)";
const EVENTS: &str = "insert into waybill.event
    (process, source, id, type, time, sequence, late, data, pos)
    select key, 'bench', 'e' || n, 'upload.step', now(), n, false,
           '{\"name\":\"scan\",\"state\":\"done\",\"message\":\"' || repeat('x', 200) || '\"}',
           row_number() over ()
    from unnest($1::uuid[]) as p(key), generate_series(0, $2::integer - 1) as n";

/// The token of the `n`-th of them.
pub(crate) fn token(n: u32) -> String {
    format!("read-{n}")
}

/// Writes so many processes.
pub(crate) async fn fill(field: &Field, processes: u32) -> anyhow::Result<()> {
    let (client, _driving) = session(&field.database_url).await?;
    client.batch_execute("set synchronous_commit = off").await?;
    let stamp = stamp::encode(&Stamp {
        time: clock::now(),
        sequence: Some(0),
        source: SOURCE.to_owned(),
        id: "e0".to_owned(),
    });
    let each = i32::try_from(EVENTS_EACH)?;
    for first in (0..processes).step_by(AT_ONCE as usize) {
        let last = processes.min(first + AT_ONCE);
        let tokens: Vec<String> = (first..last).map(token).collect();
        let keys: Vec<Uuid> = tokens
            .iter()
            .map(|token| ProcessKey::of("default", token).0)
            .collect();
        client.execute(PROCESSES, &[&keys, &tokens, &stamp]).await?;
        client.execute(EVENTS, &[&keys, &each]).await?;
    }
    let settle = [
        "vacuum analyze waybill.process",
        "vacuum analyze waybill.event",
        "checkpoint",
    ];
    execute(&field.database_url, &settle).await
}
