-- Locks the processes of these tokens in key order, and says which are open.
select key, kind, ended_at is null
from waybill.process
where key = any ($1::uuid[])
order by key
for update
