-- Forgets pushes whose stops were reached.
delete from waybill.parked k
using unnest($1::uuid[], $2::text[], $3::text[]) as n (process, source, event_id)
where k.process = n.process and k.source = n.source and k.event_id = n.event_id
