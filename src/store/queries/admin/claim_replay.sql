-- Claims a replay that no instance works on, for $2 seconds. The publishing replays of a tenant run
-- one after the other, so that no two publish the same dead letter; one may be claimed before an
-- earlier one whose request commits later. Released ones come after all others.
with next as (
    select r.id
    from waybill.replay r
    where r.ended_at is null
      and coalesce(r.claimed_until <= now(), true)
      and (r.dry_run or r.stop_asked_at is not null or not exists (
          select from waybill.replay e
          where e.tenant = r.tenant and e.ended_at is null and not e.dry_run and e.id <> r.id
            and ((e.asked_at, e.id) < (r.asked_at, r.id) or e.claimed_until > now())
      ))
    order by r.claimed_until nulls first, r.asked_at, r.id
    limit 1
    for update of r skip locked
)
update waybill.replay r
set claimed_by = $1,
    claimed_until = now() + make_interval(secs => $2::float8),
    begun_at = coalesce(r.begun_at, now())
from next
where r.id = next.id
returning r.id, r.tenant, r.letter, r.reason, r.rate, r.dry_run, r.end_received_at, r.end_letter,
          r.at_received_at, r.at_letter, r.foreseen::text, r.stop_asked_at is not null
