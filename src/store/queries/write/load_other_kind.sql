-- Parked events of another kind than their process's first one, of each process at most $3, with
-- their lengths; where the process opens now, with their data, which is in the event log.
select p.key, k.source, k.id, k.time, k.sequence, case when n.opens then k.data end, k.type,
       octet_length(k.data)
from unnest($1::uuid[], $2::boolean[]) as n (key, opens)
join waybill.process p on p.key = n.key,
     lateral (
        select e.source, e.id, e.time, e.sequence, e.data, e.type
        from waybill.parked k
        join waybill.event e on e.process = k.process and e.source = k.source and e.id = k.event_id
        where k.process = p.key and not starts_with(k.type, p.kind || '.')
        limit $3
     ) k
