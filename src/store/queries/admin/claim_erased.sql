-- Claims processes that are being erased; waits for a janitor that has locked one.
select key, false
from waybill.process
where key = any ($1::uuid[]) and deleting_at is not null
order by key
for update
