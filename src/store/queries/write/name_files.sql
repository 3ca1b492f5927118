-- Notes that an event that names these files is about to be published, and keeps them until it can have
-- been applied.
update waybill.file f
set named = f.named + 1, due_at = now() + make_interval(secs => $3)
from unnest($1::uuid[], $2::uuid[]) as n (process, id)
where f.process = n.process and f.id = n.id and f.size is not null
