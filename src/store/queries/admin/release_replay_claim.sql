-- Gives a replay up, to be taken again after so many seconds.
update waybill.replay
set claimed_until = now() + make_interval(secs => $3::float8), trouble = $4
where id = $1 and claimed_by = $2 and ended_at is null
