-- When the events at these places of their processes were logged. Each row ends with the number of
-- its wish.
select e.received_at, w.number
from unnest($1::uuid[], $2::smallint[], $3::text[], $4::integer[]) with ordinality
     as w (process, epoch, tx, pos, number)
join waybill.event e
  on e.epoch = w.epoch and e.tx = w.tx::xid8 and e.pos = w.pos and e.process = w.process
