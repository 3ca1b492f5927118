-- Notes on records that their completion is unroutable.
update waybill.process p
set unroutable_at = now()
from unnest($1::uuid[]) as n (key)
where p.key = n.key
