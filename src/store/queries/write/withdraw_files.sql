-- Makes files due that no published event names.
update waybill.file f
set due_at = now()
from unnest($1::uuid[], $2::uuid[]) as n (process, id)
where f.process = n.process and f.id = n.id and f.named = 0
