-- Marks events of this transaction that came after the end of their processes.
update waybill.event
set late = true
where tx = pg_current_xact_id() and pos = any ($1::integer[])
