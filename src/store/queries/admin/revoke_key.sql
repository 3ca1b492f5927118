-- Ends a key, and keeps the time at which that was done first.
update waybill.api_key
set revoked_at = coalesce(revoked_at, now())
where id = $1
