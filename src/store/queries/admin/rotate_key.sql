-- Inserts a successor of a valid key, which itself expires after the overlap at the latest.
with old as (
    update waybill.api_key
    set expires_at = least(coalesce(expires_at, 'infinity'), now() + make_interval(secs => $4::float8))
    where id = $1 and revoked_at is null and coalesce(expires_at > now(), true)
    returning name, tenant, scopes
)
insert into waybill.api_key (id, name, tenant, scopes, hash, expires_at, created_by)
select $2, name, tenant, scopes, $3, now() + make_interval(secs => $5::float8), $6
from old
returning expires_at, tenant
