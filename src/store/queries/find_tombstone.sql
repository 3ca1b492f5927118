-- Whether a process of that key has ended and was let go, as long as that is remembered.
select exists (select from waybill.tombstone where key = $1)
