-- How long the logs of processes are, and the place of the newest event of each that the feed gives
-- too.
with look as materialized (
    select (select max(number) from waybill.epoch) as epoch,
           pg_snapshot_xmin(pg_current_snapshot()) as xmin
)
select l.logged, l.late, l.newest, w.number
from look, unnest($1::uuid[]) with ordinality w(process, number),
     lateral (
        select count(*) as logged,
               count(*) filter (where e.late) as late,
               max(array[e.epoch::bigint, e.tx::text::bigint, e.pos])
                   filter (where (e.epoch, e.tx) < (look.epoch, look.xmin)) as newest
        from waybill.event e
        where e.process = w.process
     ) l
