-- Revokes a key; one that was revoked before keeps its time.
update waybill.api_key
set revoked_at = coalesce(revoked_at, now())
where id = $1
returning tenant
