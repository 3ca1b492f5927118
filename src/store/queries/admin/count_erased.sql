-- What there is of these processes, before it is erased: rows of each table, and bytes of files.
select (select count(*) from waybill.event where process = any ($1::uuid[])),
       (select count(*) from waybill.item where process = any ($1::uuid[])),
       (select count(*) from waybill.stage where process = any ($1::uuid[])),
       (select count(*) from waybill.parked where process = any ($1::uuid[])),
       (select count(*) from waybill.outbox where process = any ($1::uuid[])),
       (select count(*) from waybill.tombstone where key = any ($1::uuid[])),
       count(*), coalesce(sum(size), 0)::bigint
from waybill.file
where process = any ($1::uuid[])
