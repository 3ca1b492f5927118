-- The reasons of a tenant's dead letters, each with the number of dead letters, counted up to $2,
-- and the times of the oldest and the newest: one index look-up from one reason to the next.
with recursive reasons (reason) as (
    (select d.reason from waybill.dead_letter d
     where coalesce(d.tenant, '') = $1
     order by d.reason limit 1)
    union all
    select (select d.reason from waybill.dead_letter d
            where coalesce(d.tenant, '') = $1 and d.reason > r.reason
            order by d.reason limit 1)
    from reasons r
    where r.reason is not null
)
select r.reason,
       (select count(*) from (select from waybill.dead_letter d
                              where coalesce(d.tenant, '') = $1 and d.reason = r.reason
                              limit $2) d),
       (select d.received_at from waybill.dead_letter d
        where coalesce(d.tenant, '') = $1 and d.reason = r.reason
        order by d.received_at, d.id limit 1),
       (select d.received_at from waybill.dead_letter d
        where coalesce(d.tenant, '') = $1 and d.reason = r.reason
        order by d.received_at desc, d.id desc limit 1)
from reasons r
where r.reason is not null
