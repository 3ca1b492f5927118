-- When the oldest event was logged that is committed and not yet visible to readers, and how many
-- seconds ago: a transaction that began before it is still open.
select e.received_at,
       greatest(extract(epoch from clock_timestamp() - e.received_at), 0)::double precision
from waybill.event e
where (e.epoch, e.tx) >= ((select max(number) from waybill.epoch),
                          pg_snapshot_xmin(pg_current_snapshot()))
order by e.epoch, e.tx, e.pos
limit 1
