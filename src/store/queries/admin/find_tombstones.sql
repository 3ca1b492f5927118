-- Which processes have ended and were let go, as long as that is remembered.
select key from waybill.tombstone where key = any ($1::uuid[])
