-- Tokens of a group of a tenant, the oldest first; an erased process is in no group.
select token, created_at, key
from waybill.process
where tenant = $1 and group_name = $2
order by created_at, key
limit $3
