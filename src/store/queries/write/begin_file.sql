-- Inserts a file before its contents are written; an unfinished one is begun again.
insert into waybill.file (process, id, name, media_type, due_at)
values ($1, $2, $3, $4, now() + make_interval(secs => $5))
on conflict (process, id) do update
set name = excluded.name, media_type = excluded.media_type, due_at = excluded.due_at,
    created_at = now()
where file.size is null
