-- The parked pushes; their data is in the event log.
select k.process, e.source, e.id, e.time, e.sequence, e.data
from waybill.parked k
join waybill.event e on e.process = k.process and e.source = k.source and e.id = k.event_id
where k.process = any ($1::uuid[]) and k.type = 'order.pushed'
