-- Every key without its hash; operators create them one by one, so there are few.
select k.tenant, k.scopes, k.expires_at, coalesce(k.expires_at <= now(), false), k.revoked_at,
       k.id, k.name, k.created_at, k.created_by, k.last_used_at
from waybill.api_key k
order by k.created_at, k.id
