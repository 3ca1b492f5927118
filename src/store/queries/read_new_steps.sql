-- Steps that were logged after a position. The events of one process are logged while its record
-- is locked, so in their own process positions become visible in their order.
select source, id, type, time, sequence, late, data, received_at, pos
from waybill.event
where process = $1 and pos > $2 and type in ('upload.step', 'order.step')
order by pos
limit $3
