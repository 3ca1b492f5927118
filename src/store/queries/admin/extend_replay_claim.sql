-- Extends the claim on a replay to $3 seconds from now, if it is valid; returns whether a stop was
-- requested.
update waybill.replay
set claimed_until = now() + make_interval(secs => $3::float8)
where id = $1 and claimed_by = $2 and ended_at is null
returning stop_asked_at is not null
