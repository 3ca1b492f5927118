-- The pushes of one order that wait for their stops, the oldest first, with what they say.
select k.source, k.event_id, k.parked_at, e.data
from waybill.parked k
join waybill.event e on e.process = k.process and e.source = k.source and e.id = k.event_id
where k.process = $1
order by k.parked_at, k.source collate "C", k.event_id collate "C"
limit $2
