-- The log of one process in the order of stamps.
select source, id, type, time, sequence, late, data, received_at
from waybill.event
where process = $1
order by time, coalesce(sequence, -1), source collate "C", id collate "C"
limit $2
