-- Deletes records that this transaction created for events that may not open them.
delete from waybill.process where key = any ($1::uuid[])
