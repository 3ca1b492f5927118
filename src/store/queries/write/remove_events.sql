-- Removes events of this transaction that became dead letters.
delete from waybill.event
where tx = pg_current_xact_id() and pos = any ($1::integer[])
