-- Deletes files whose contents were removed.
delete from waybill.file f
using unnest($1::uuid[], $2::uuid[]) as gone(process, id)
where f.process = gone.process and f.id = gone.id
