-- Log and dedupe in one: what comes back is new. The records are locked by then, so that what is
-- late is known.
insert into waybill.event (process, source, id, type, time, sequence, data, late, pos)
select e.process, e.source, e.id, e.type, e.time, e.sequence, e.data, p.ended_at is not null, e.pos
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[],
            $6::timestamptz[], $7::bigint[], $8::text[]) with ordinality
     as e (process, kind, source, id, type, time, sequence, data, pos)
join waybill.process p on p.key = e.process and p.kind = e.kind
on conflict do nothing
returning process, source, id, late
