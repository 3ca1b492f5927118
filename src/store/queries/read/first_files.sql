-- The first complete file of each of these processes.
select distinct on (f.process) f.process, coalesce(f.object, f.id), f.size, f.sha256
from waybill.file f
where f.process = any ($1::uuid[]) and f.size is not null
order by f.process, f.created_at, f.id
