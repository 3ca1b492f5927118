-- A page of a tenant's dead letters of one reason, oldest first, without their bodies. The page
-- begins after a time and an id, because the dead letter there may have been deleted.
select d.id, d.reason, d.problem, d.tenant, d.token, d.source, d.event_id, d.type,
       d.exchange, d.routing_key, d.queue, d.properties, d.headers, ''::bytea,
       octet_length(d.body)::bigint, d.received_at
from waybill.dead_letter d
where coalesce(d.tenant, '') = $1 and d.reason = $2
  and (d.received_at, d.id) > (coalesce($3::timestamptz, '-infinity'),
                               coalesce($4::uuid, '00000000-0000-0000-0000-000000000000'))
order by d.received_at, d.id
limit $5
