-- Adds a version of a workflow unless the newest has the same text; the caller has locked the
-- table.
with newest as (
    select w.version, w.source
    from waybill.workflow w
    where w.name = $1
    order by w.version desc
    limit 1
), added as (
    insert into waybill.workflow (name, version, source)
    select $1, coalesce((select n.version from newest n), 0) + 1, $2
    where not exists (select from newest n where n.source = $2)
    returning version
)
select coalesce((select a.version from added a), (select n.version from newest n)),
       exists (select from added)
