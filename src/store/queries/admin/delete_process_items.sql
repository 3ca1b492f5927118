-- Deletes at most $2 items of locked processes, first those after $4 of process $3, where the last
-- slice stopped. Returns the last row if there may be more.
with due as materialized (
    (select ctid, process, identifier from waybill.item
     where process = $3::uuid and identifier > $4::text
     order by identifier
     limit $2)
    union all
    (select ctid, process, identifier from waybill.item
     where process = any ($1::uuid[]) and process is distinct from $3::uuid
     order by process, identifier
     limit $2)
    limit $2
),
gone as (delete from waybill.item where ctid = any (array(select ctid from due)))
select process, identifier from due offset $2 - 1 limit 1
