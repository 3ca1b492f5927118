-- One key with its hash, and whether it has expired by this server's clock.
select k.tenant, k.scopes, k.expires_at, coalesce(k.expires_at <= now(), false), k.revoked_at,
       k.hash
from waybill.api_key k
where k.id = $1
