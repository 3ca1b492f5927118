-- The data of single items, where it still has the length that somebody made room for. Each row ends
-- with the number of its wish.
select i.data, w.number
from unnest($1::uuid[], $2::text[], $3::bigint[]) with ordinality
     as w (process, identifier, bytes, number)
join waybill.item i on i.process = w.process and i.identifier = w.identifier
where octet_length(i.data) = w.bytes
