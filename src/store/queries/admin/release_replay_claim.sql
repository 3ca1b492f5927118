-- Releases the claim on a replay, which can be claimed again after $3 seconds.
update waybill.replay
set claimed_until = now() + make_interval(secs => $3::float8), trouble = $4
where id = $1 and claimed_by = $2 and ended_at is null
