-- The processes of a tenant in a range of keys, by the primary key: in its order they are looked for,
-- because a plan that looks in the order of their age reads all that a tenant has.
select token
from (
    select token, created_at
    from waybill.process
    where key between $2 and $3 and tenant = $1 and deleting_at is null
    order by key
    limit 10
) found
order by created_at
