-- A page of dead letters, oldest first, without their bodies.
select d.id, d.reason, d.problem, d.tenant, d.token, d.source, d.event_id, d.type,
       d.exchange, d.routing_key, d.queue, d.properties, d.headers, ''::bytea,
       octet_length(d.body)::bigint, d.received_at
from waybill.dead_letter d
left join waybill.dead_letter a on a.id = $2
where ($1::text is null or d.reason = $1)
  and ($2::uuid is null or (d.received_at, d.id) > (a.received_at, a.id))
order by d.received_at, d.id
limit $3
