-- The place and the size of a dead letter.
select d.id, d.received_at,
       octet_length(d.body)::bigint + octet_length(d.headers) + octet_length(d.properties)
from waybill.dead_letter d
where d.id = $1
