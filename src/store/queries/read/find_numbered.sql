-- The processes of a tenant in a range of keys. The inner query sorts by the primary key, because a
-- plan that sorts by age reads all rows of the tenant.
select token
from (
    select token, created_at
    from waybill.process
    where key between $2 and $3 and tenant = $1 and deleting_at is null
    order by key
    limit 10
) found
order by created_at
