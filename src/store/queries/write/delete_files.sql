-- Deletes files whose objects were removed.
delete from waybill.file f
using unnest($1::uuid[], $2::uuid[]) as gone(process, object)
where f.process = gone.process and f.object = gone.object
