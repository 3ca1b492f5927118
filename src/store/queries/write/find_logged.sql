-- The logged events of identities that were received again; the data only if it differs.
select n.number, e.type, e.time, case when e.data <> n.data then e.data end, e.refused is not null
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) with ordinality
     as n (process, source, id, data, number)
join waybill.event e on e.process = n.process and e.source = n.source and e.id = n.id
