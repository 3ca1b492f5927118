-- Where a dead letter stands and how much it weighs.
select d.id, d.received_at,
       octet_length(d.body)::bigint + octet_length(d.headers) + octet_length(d.properties)
from waybill.dead_letter d
where d.id = $1
