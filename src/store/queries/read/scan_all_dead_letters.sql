-- The places and sizes of all tenants' dead letters between two places, the oldest first.
select d.id, d.received_at,
       octet_length(d.body)::bigint + octet_length(d.headers) + octet_length(d.properties)
from waybill.dead_letter d
where ($1::text is null or d.reason = $1)
  and (d.received_at, d.id) > (coalesce($2::timestamptz, '-infinity'),
                               coalesce($3::uuid, '00000000-0000-0000-0000-000000000000'))
  and (d.received_at, d.id) <= ($4::timestamptz, $5::uuid)
order by d.received_at, d.id
limit $6
