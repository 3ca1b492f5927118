-- Deletes these records; unless $2, only those without any rows left. Their files end with them: they can't
-- be read or named again, and become due for removal.
with gone as (
    delete from waybill.process p
    where key = any ($1::uuid[])
      and ($2 or not (exists (select from waybill.event e where e.process = p.key)
                      or exists (select from waybill.item i where i.process = p.key)
                      or exists (select from waybill.stage s where s.process = p.key)))
    returning key, kind
),
files as (
    update waybill.file f
    set due_at = now(), object = coalesce(f.object, f.id),
        id = case when f.size is null then f.id else gen_random_uuid() end, size = null, sha256 = null
    from gone g
    where f.process = g.key
)
select kind, count(*) from gone group by kind
