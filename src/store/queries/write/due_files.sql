-- Claims due files. Those that an accepted event may name are due again only once their process is
-- deleted; the others can't be found any more, get another id, so that no attempt can be finished, and
-- are returned with their objects. They are due again after $2 seconds.
with due as (
    select process, id from waybill.file where due_at <= now() order by due_at limit $1
    for update skip locked
),
kept as (
    update waybill.file f
    set due_at = null
    from due d
    where f.process = d.process and f.id = d.id and f.size is not null
      and exists (select from waybill.process p
                  where p.key = d.process and (p.opened_at is not null or p.ended_at is not null))
    returning f.process, f.id
)
update waybill.file f
set id = gen_random_uuid(), object = coalesce(f.object, f.id), size = null, sha256 = null,
    due_at = now() + make_interval(secs => $2)
from (select process, id from due except select process, id from kept) d
where f.process = d.process and f.id = d.id
returning f.process, f.object
