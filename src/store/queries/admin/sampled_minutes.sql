-- The last hour by whole minutes that ended at least $2 seconds ago, over all instances. Counts are
-- summed; every instance sees the same levels, so the maximum is used. A sample belongs to the
-- minute of its midpoint, and its latencies count only if they have the same bounds.
with hour as (
    select date_trunc('minute', now() - make_interval(secs => $2::float8)) as till
),
samples as materialized (
    select h.till, date_trunc('minute', s.at - make_interval(secs => s.seconds / 2)) as minute, s.*
    from hour h
    join waybill.sample s on s.at >= h.till - interval '60 minutes'
),
latencies as (
    select b.minute, array_agg(b.events order by b.place) as events
    from (
        select t.minute, l.place, sum(l.events)::bigint as events
        from samples t, unnest(t.latency) with ordinality as l (events, place)
        where t.bounds = $1
        group by t.minute, l.place
    ) b
    group by b.minute
)
select t.minute,
       sum(t.received)::bigint, sum(t.applied)::bigint, sum(t.duplicate)::bigint,
       sum(t.late)::bigint, sum(t.dead)::bigint,
       sum(t.done)::bigint, sum(t.warning)::bigint, sum(t.error)::bigint, sum(t.cancelled)::bigint,
       coalesce((select l.events from latencies l where l.minute = t.minute), '{}'),
       max(t.queue_ready), max(t.outbox), max(t.dead_letters), max(t.parked),
       max(t.uploads_open), max(t.orders_open)
from samples t
where t.minute >= t.till - interval '60 minutes' and t.minute < t.till
group by t.minute
order by t.minute
