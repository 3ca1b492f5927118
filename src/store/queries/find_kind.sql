-- What a process tracks.
select kind from waybill.process where key = $1
