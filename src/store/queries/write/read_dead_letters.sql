-- Dead letters with their bodies, those that exist, in any order.
select id, reason, problem, tenant, token, source, event_id, type,
       exchange, routing_key, queue, properties, headers, body,
       octet_length(body)::bigint, received_at
from waybill.dead_letter
where id = any ($1::uuid[])
