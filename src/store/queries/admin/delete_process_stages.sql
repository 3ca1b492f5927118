-- Deletes at most $2 stops of locked orders.
delete from waybill.stage
where ctid = any (array(
    select ctid from waybill.stage where process = any ($1::uuid[]) limit $2
))
