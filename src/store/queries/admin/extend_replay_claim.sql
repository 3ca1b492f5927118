-- Keeps a replay for so many seconds more, if it is still held; says whether it is to stop.
update waybill.replay
set claimed_until = now() + make_interval(secs => $3::float8)
where id = $1 and claimed_by = $2 and ended_at is null
returning stop_asked_at is not null
