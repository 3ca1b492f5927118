-- The places and sizes of a tenant's dead letters of a reason, or of all, between two places, the
-- oldest first. Each reason is a range of the index; the oldest $7 of each include the oldest of
-- all.
with recursive reasons (reason) as (
    select coalesce($2::text, (select d.reason from waybill.dead_letter d
                               where coalesce(d.tenant, '') = $1
                               order by d.reason limit 1))
    union all
    select (select d.reason from waybill.dead_letter d
            where coalesce(d.tenant, '') = $1 and d.reason > r.reason
            order by d.reason limit 1)
    from reasons r
    where r.reason is not null and $2::text is null
)
select w.id, w.received_at, w.bytes
from reasons r
cross join lateral (
    select d.id, d.received_at,
           octet_length(d.body)::bigint + octet_length(d.headers) + octet_length(d.properties) as bytes
    from waybill.dead_letter d
    where coalesce(d.tenant, '') = $1 and d.reason = r.reason
      and (d.received_at, d.id) > (coalesce($3::timestamptz, '-infinity'),
                                   coalesce($4::uuid, '00000000-0000-0000-0000-000000000000'))
      and (d.received_at, d.id) <= ($5::timestamptz, $6::uuid)
    order by d.received_at, d.id
    limit $7
) w
order by w.received_at, w.id
limit $7
