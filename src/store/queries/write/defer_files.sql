-- Postpones files that could not be removed now, so that they do not block others.
update waybill.file f
set due_at = now() + make_interval(secs => $3)
from unnest($1::uuid[], $2::uuid[]) as n (process, id)
where f.process = n.process and f.id = n.id and f.due_at is not null
