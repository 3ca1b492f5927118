-- A page of dead letters, oldest first, without their bodies. The page begins after a time and an
-- id, because the dead letter there may have been deleted.
select d.id, d.reason, d.problem, d.tenant, d.token, d.source, d.event_id, d.type,
       d.exchange, d.routing_key, d.queue, d.properties, d.headers, ''::bytea,
       octet_length(d.body)::bigint, d.received_at
from waybill.dead_letter d
where ($1::text is null or d.reason = $1)
  and ($5::text is null or coalesce(d.tenant, '') = $5)
  and (d.received_at, d.id) > (coalesce($2::timestamptz, '-infinity'),
                               coalesce($3::uuid, '00000000-0000-0000-0000-000000000000'))
order by d.received_at, d.id
limit $4
