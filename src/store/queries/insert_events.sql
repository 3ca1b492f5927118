-- Log and dedupe in one: what comes back is new. The records are locked by then, so that what is
-- late is known and nobody else can log the same meanwhile: `not exists` is enough.
insert into waybill.event (process, source, id, type, time, sequence, data, late)
select e.process, e.source, e.id, e.type, e.time, e.sequence, e.data, p.ended_at is not null
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[],
            $6::timestamptz[], $7::bigint[], $8::text[])
     as e (process, kind, source, id, type, time, sequence, data)
join waybill.process p on p.key = e.process and p.kind = e.kind
where not exists (
    select from waybill.event k
    where k.process = e.process and k.source = e.source and k.id = e.id
)
returning process, source, id, late
