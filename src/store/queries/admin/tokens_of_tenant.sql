-- Tokens of a tenant, the oldest first, after a place: also of what is being erased.
select token, created_at, key
from waybill.process
where tenant = $1 and (created_at, key) > ($2, $3)
order by created_at, key
limit $4
