-- The first complete file of each of these processes.
select distinct on (f.process) f.process, f.id, f.size
from waybill.file f
where f.process = any ($1::uuid[]) and f.size is not null
order by f.process, f.created_at, f.id
