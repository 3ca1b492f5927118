-- Sets a process aside on which the janitor failed, for $4 seconds.
insert into waybill.quarantine as q (process, what, reason, retry_at)
values ($1, $2, $3, now() + make_interval(secs => $4))
on conflict (process, what) do update
set reason = excluded.reason, at = excluded.at, retry_at = excluded.retry_at,
    attempts = q.attempts + 1
