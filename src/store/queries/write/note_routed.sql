-- Clears the note that a completion is unroutable.
update waybill.process p
set unroutable_at = null
from unnest($1::uuid[]) as n (key)
where p.key = n.key and p.unroutable_at is not null
