-- Makes a complete attempt the file, unless another one is it already. Locks the attempt, which may just
-- have become due.
with own as (
    select process, object, name, media_type, due_at, created_at
    from waybill.file
    where process = $1 and id = $2 and size is null
    for update
),
finished as (
    insert into waybill.file (process, id, object, name, media_type, size, sha256, due_at, created_at)
    select process, $3, object, name, media_type, $4, $5, due_at, created_at from own
    on conflict do nothing
    returning process
)
delete from waybill.file f using finished n where f.process = n.process and f.id = $2
