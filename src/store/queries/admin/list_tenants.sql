-- Every tenant with exchanges of its own, oldest first.
select name, created_at, queue, extract(epoch from keep)::double precision
from waybill.tenant
order by created_at, name
