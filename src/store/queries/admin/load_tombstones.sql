-- The tombstones of earlier attempts, of tokens that were opened again.
select key, ended_at, openings, erased_at from waybill.tombstone where key = any ($1::uuid[])
