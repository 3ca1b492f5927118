-- Steps that were logged after a place in the log. While the process is open only those below every
-- running transaction are read: one that began earlier may still commit later, before them.
select source, id, type, time, sequence, late, data, received_at, tx::text::bigint, pos
from waybill.event
where process = $1
  and (tx::text::bigint, pos) > ($2, $3)
  and ($4 or tx < pg_snapshot_xmin(pg_current_snapshot()))
  and type in ('upload.step', 'order.step')
order by tx, pos
limit $5
