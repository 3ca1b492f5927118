-- Claims processes whose settle time or deadline has passed, and orders past the deadline of a
-- stage; at most $1, the oldest first. Skips locked ones, $2, on which this janitor has just
-- failed, and those set aside.
with ending as (
    select key, least(settle_at, deadline_at) as at from waybill.process p
    where ended_at is null and least(settle_at, deadline_at) <= now()
      and not exists (select from waybill.quarantine q
                      where q.process = p.key and q.what = 'seal' and q.retry_at > now())
      and key <> all ($2::uuid[])
    order by least(settle_at, deadline_at)
    limit $1
    for no key update skip locked
),
overdue as (
    select process, due_at from waybill.stage s
    where left_at is null and due_at <= now()
      and not exists (select from waybill.quarantine q
                      where q.process = s.process and q.what = 'seal' and q.retry_at > now())
      and process <> all ($2::uuid[])
    order by due_at
    limit $1
),
at_stage as (
    select p.key, (select min(due_at) from overdue o where o.process = p.key) as at
    from waybill.process p
    where ended_at is null and key in (select process from overdue)
    for no key update of p skip locked
)
select d.key,
       exists (select from waybill.quarantine q where q.process = d.key and q.what = 'seal')
from (
    select key, min(at) as at
    from (select * from ending union all select * from at_stage) each
    group by key
    order by min(at)
    limit $1
) d
