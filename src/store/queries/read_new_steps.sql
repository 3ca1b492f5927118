-- Steps that were logged after a place in the log. While the process is open only those below every
-- running transaction are read: one that began earlier may still commit later, before them.
select source, id, type, time, sequence, late, data, received_at, epoch, tx::text, pos
from waybill.event
where process = $1
  and (epoch, tx, pos) > ($2, $3::text::xid8, $4)
  and ($5 or (epoch, tx) < ((select max(number) from waybill.epoch),
                            pg_snapshot_xmin(pg_current_snapshot())))
  and type in ('upload.step', 'order.step')
order by epoch, tx, pos
limit $6
