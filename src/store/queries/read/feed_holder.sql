-- The transaction that delays the change feed: the oldest one with a transaction id, running or
-- prepared, in any database of the cluster. xact_start of other users is null without
-- pg_read_all_stats.
select a.pid, a.usename::text, a.datname::text, a.xact_start, null::text
from pg_stat_activity a
where a.backend_xid = pg_snapshot_xmin(pg_current_snapshot())::xid
union all
select null, p.owner::text, p.database::text, p.prepared, p.gid
from pg_prepared_xacts p
where p.transaction = pg_snapshot_xmin(pg_current_snapshot())::xid
limit 1
