-- Claims ended processes past their retention: the general one or their workflow's, or their tenant's if
-- that is shorter; the oldest first. Locks them, so that no late event is logged meanwhile, and skips locked
-- ones, those with messages in the outbox, and those set aside. Those of a tenant are found by when they were
-- created, which is before their end.
with general as (
    select key, sealed_at as due_at from waybill.process p
    where sealed_at < now() - make_interval(secs => $1) and keep_until is null
      and not exists (select from waybill.outbox o where o.process = p.key)
      and not exists (select from waybill.quarantine q
                      where q.process = p.key and q.what = 'delete' and q.retry_at > now())
      and key <> all ($3::uuid[])
    order by sealed_at
    limit $2
    for update skip locked
),
own as (
    select key, keep_until as due_at from waybill.process p
    where keep_until <= now()
      and not exists (select from waybill.outbox o where o.process = p.key)
      and not exists (select from waybill.quarantine q
                      where q.process = p.key and q.what = 'delete' and q.retry_at > now())
      and key <> all ($3::uuid[])
    order by keep_until
    limit $2
    for update skip locked
),
theirs as (
    select p.key, p.sealed_at + t.keep as due_at
    from waybill.tenant t
    cross join lateral (
        select key, sealed_at from waybill.process p
        where tenant = t.name and created_at < now() - t.keep and sealed_at < now() - t.keep
          and not exists (select from waybill.outbox o where o.process = p.key)
          and not exists (select from waybill.quarantine q
                          where q.process = p.key and q.what = 'delete' and q.retry_at > now())
          and key <> all ($3::uuid[])
        order by created_at
        limit $2
        for update skip locked
    ) p
    where t.keep is not null
)
select d.key,
       exists (select from waybill.quarantine q where q.process = d.key and q.what = 'delete')
from (
    select key, min(due_at) as due_at
    from (select * from general union all select * from own union all select * from theirs) each
    group by key
    order by due_at
    limit $2
) d
