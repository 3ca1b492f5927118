-- Steps that were logged after a place in the log. While the process is open only those below every
-- running transaction are read, since these may still commit events before them.
select e.source, e.id, e.type, e.time, e.sequence, e.late, e.data, e.received_at,
       e.epoch, e.tx::text, e.pos, e.refused
from waybill.event e
where e.process = $1
  and (e.epoch, e.tx, e.pos) > ($2, $3::text::xid8, $4)
  and ($5 or (e.epoch, e.tx) < ((select max(number) from waybill.epoch),
                                pg_snapshot_xmin(pg_current_snapshot())))
  and e.type in ('upload.step', 'order.step')
-- qualified: the bare name would be the text column of the select list
order by e.epoch, e.tx, e.pos
limit $6
