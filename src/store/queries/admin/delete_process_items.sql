-- Deletes at most $2 items of processes that are locked, first what follows $4 of process $3, where
-- the last slice has stopped. If it has stopped again, it says where.
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
