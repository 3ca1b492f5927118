-- A tenant's replays, the newest first; or one of them.
select id, letter, reason, rate, dry_run, asked_by, asked_at, letters, begun_at,
       confirmed, nacked, unroutable, damaged, foreseen::text, trouble, stop_asked_at, ended_at,
       (at_received_at, at_letter) is not distinct from (end_received_at, end_letter),
       claimed_until > now()
from waybill.replay
where tenant = $1 and ($2::uuid is null or id = $2)
order by asked_at desc, id desc
limit $3
