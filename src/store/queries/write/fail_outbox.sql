-- Moves messages to the slow lane, or back to its end, with the reason, and counts stuck ones. The
-- delay doubles with each attempt to publish the message. A completion keeps no payload.
with before as materialized (
    select o.process, o.id, o.what, o.slow as was, n.slow, n.detail, n.seconds
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::double precision[])
         as n (process, id, what, slow, detail, seconds)
    join waybill.outbox o on o.process = n.process and o.id = n.id and o.what = n.what
    for update of o
),
failed as (
    update waybill.outbox o
    set slow = b.slow,
        detail = b.detail,
        attempts = o.attempts + case when b.slow = 'waiting' then 0 else 1 end,
        next_attempt_at = now() + make_interval(
            secs => least(b.seconds * power(2, least(o.attempts, 12)), greatest(300, b.seconds * 60))),
        payload = case when o.what <> 'completion' or b.slow = 'unconfirmed' then o.payload end
    from before b
    where o.process = b.process and o.id = b.id and o.what = b.what
    returning b.was, b.slow
),
moved as (
    select was as reason, -1 as change from failed
    union all
    select slow, 1 from failed
)
insert into waybill.tally (name, label, shard, value)
select 'outbox_stuck', reason, 0, sum(change)
from moved
where reason not in ('unconfirmed', 'resend')
group by reason
having sum(change) <> 0
order by reason
on conflict (name, label, shard) do update set value = tally.value + excluded.value
