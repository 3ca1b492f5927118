-- Which of these processes have a tombstone.
select key from waybill.tombstone where key = any ($1::uuid[])
