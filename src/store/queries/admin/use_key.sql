-- Notes that a key was used, at most once a minute.
update waybill.api_key
set last_used_at = now()
where id = $1 and coalesce(last_used_at < now() - interval '1 minute', true)
