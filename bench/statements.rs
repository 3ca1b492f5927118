//! The statements of a run with the most time in the server.

use crate::ground::{Field, Ground, execute, query};

/// How many are shown.
const SHOWN: usize = 14;

/// Resets the statistics.
pub(crate) async fn reset(ground: &Ground) -> anyhow::Result<()> {
    let url = ground.servers.postgres.url();
    let create = "create extension if not exists pg_stat_statements";
    execute(&url, &[create, "select pg_stat_statements_reset()"]).await
}

/// The most expensive statements since then, by `pg_stat_statements`.
pub(crate) async fn expensive(ground: &Ground, field: &Field) -> anyhow::Result<Vec<String>> {
    let statement = format!(
        "select calls, total_exec_time, rows, shared_blks_dirtied, wal_bytes::bigint,
                regexp_replace(query, '\\s+', ' ', 'g')
         from pg_stat_statements s join pg_database d on d.oid = s.dbid
         where d.datname = '{}' order by total_exec_time desc limit {SHOWN}",
        field.name()
    );
    let rows = query(&ground.servers.postgres.url(), &statement).await?;
    let line = |row: &tokio_postgres::Row| {
        let (calls, total): (i64, f64) = (row.get(0), row.get(1));
        let (rows, dirtied, wal): (i64, i64, i64) = (row.get(2), row.get(3), row.get(4));
        let text: String = row.get::<_, String>(5).chars().take(90).collect();
        let mean = total / calls.max(1) as f64;
        format!(
            "{total:9.0} ms {calls:7} calls {mean:8.3} ms {rows:8} rows {dirtied:7} dirtied {:8} KiB wal  {text}",
            wal / 1024
        )
    };
    Ok(rows.iter().map(line).collect())
}
