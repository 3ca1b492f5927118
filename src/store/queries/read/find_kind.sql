-- The kind of a process.
select kind from waybill.process where key = $1 and deleting_at is null
