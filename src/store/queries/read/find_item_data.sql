-- The data of single items, where it still has the expected length. Each row ends with the number
-- of its query.
select i.data, q.number
from unnest($1::uuid[], $2::text[], $3::bigint[]) with ordinality
     as q (process, identifier, bytes, number)
join waybill.item i on i.process = q.process and i.identifier = q.identifier
where octet_length(i.data) = q.bytes
