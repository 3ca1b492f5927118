-- When the events at these places of their processes were logged. Each row ends with the number of
-- its query.
select e.received_at, q.number
from unnest($1::uuid[], $2::smallint[], $3::text[], $4::integer[]) with ordinality
     as q (process, epoch, tx, pos, number)
join waybill.event e
  on e.epoch = q.epoch and e.tx = q.tx::xid8 and e.pos = q.pos and e.process = q.process
