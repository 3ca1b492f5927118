-- Claims due files: those whose process exists are due again only once it is deleted; the others,
-- whose process does not exist, are returned.
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
