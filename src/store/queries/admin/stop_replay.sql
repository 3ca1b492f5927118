-- Requests that a replay stops; one that no instance works on ends at once.
update waybill.replay
set stop_asked_at = coalesce(stop_asked_at, now()),
    ended_at = case when claimed_until > now() then null else now() end,
    claimed_by = case when claimed_until > now() then claimed_by end,
    claimed_until = case when claimed_until > now() then claimed_until end
where id = $1 and tenant = $2 and ended_at is null
returning id
