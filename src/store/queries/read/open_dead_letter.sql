-- A dead letter of one of these tenants with the first $3 bytes of its body.
select id, reason, problem, tenant, token, source, event_id, type,
       exchange, routing_key, queue, properties, headers, substring(body from 1 for $3::integer),
       octet_length(body)::bigint, received_at
from waybill.dead_letter
where id = $1 and coalesce(tenant, '') = any($2)
