-- Every tenant with exchanges of its own, oldest first.
select name, created_at
from waybill.tenant
order by created_at, name
