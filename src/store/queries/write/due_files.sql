-- Looks at files whose time has come: those that have become a process's are looked at again only
-- once it is forgotten; the others belong to no process, or to none any more.
with due as (
    select process, id from waybill.file where due_at <= now() order by due_at limit $1
    for update skip locked
),
kept as (
    update waybill.file f
    set due_at = null
    from due d
    where f.process = d.process and f.id = d.id
      and exists (select from waybill.process p where p.key = d.process)
    returning f.process, f.id
)
select process, id from due except select process, id from kept
