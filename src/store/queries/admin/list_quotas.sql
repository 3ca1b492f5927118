-- Every tenant's limits.
select tenant, open_processes, events_per_second, stored_bytes, streams
from waybill.quota
order by tenant
