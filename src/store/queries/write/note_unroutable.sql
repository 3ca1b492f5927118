-- Keeps on the record that the broker had no queue for its completion.
update waybill.process p
set unroutable_at = now()
from unnest($1::uuid[]) as n (key)
where p.key = n.key
