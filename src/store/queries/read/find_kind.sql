-- What a process tracks.
select kind from waybill.process where key = $1 and deleting_at is null
