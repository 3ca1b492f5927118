-- Inserts an attempt to write a file, before its object is written.
insert into waybill.file (process, id, object, name, media_type, due_at)
values ($1, $2, $2, $3, $4, now() + make_interval(secs => $5))
