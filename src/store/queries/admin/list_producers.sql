-- Every rule of the shared exchange, by user and tenant.
select broker_user, tenant, sources, types, created_at
from waybill.producer
order by broker_user, tenant
