-- Events of another kind than the first one of their process, of each at most $2; what they say is in
-- the event log.
select p.key, k.source, k.id, k.time, k.sequence, k.data, k.type
from waybill.process p,
     lateral (
        select e.source, e.id, e.time, e.sequence, e.data, e.type
        from waybill.parked k
        join waybill.event e on e.process = k.process and e.source = k.source and e.id = k.event_id
        where k.process = p.key and not starts_with(k.type, p.kind || '.')
        limit $2
     ) k
where p.key = any ($1::uuid[])
