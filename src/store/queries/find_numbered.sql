-- The processes of a tenant in a range of keys, by the primary key.
select token
from waybill.process
where key between $2 and $3 and tenant = $1
order by created_at
limit 10
