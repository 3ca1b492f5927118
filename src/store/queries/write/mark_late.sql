-- Marks late events of this transaction.
update waybill.event
set late = true
where tx = pg_current_xact_id() and pos = any ($1::integer[])
