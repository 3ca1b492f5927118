-- The lengths of the logs of processes, and the place of each one's newest event that is visible to
-- the feed.
with snapshot as materialized (
    select (select max(number) from waybill.epoch) as epoch,
           pg_snapshot_xmin(pg_current_snapshot()) as xmin
)
select l.logged, l.late, l.newest, q.number
from snapshot, unnest($1::uuid[]) with ordinality q(process, number),
     lateral (
        select count(*) as logged,
               count(*) filter (where e.late) as late,
               max(array[e.epoch::bigint, e.tx::text::bigint, e.pos])
                   filter (where (e.epoch, e.tx) < (snapshot.epoch, snapshot.xmin)) as newest
        from waybill.event e
        where e.process = q.process
     ) l
