-- Claims due messages of the normal lane, at most $1 messages and $3 bytes, by postponing their
-- next attempt, so that no other sweeper claims them meanwhile.
with due as (
    select process, id, what, octet_length(payload) as bytes, next_attempt_at
    from waybill.outbox
    where slow is null and next_attempt_at <= now()
    order by next_attempt_at
    limit $1
    for update skip locked
),
claimed as (
    select process, id, what
    from (
        select d.*, sum(bytes) over (order by next_attempt_at, id, what) - bytes as bytes_before
        from due d
    ) s
    where coalesce(bytes_before, 0) < $3::bigint
)
update waybill.outbox o
set next_attempt_at = now() + make_interval(secs => $2)
from claimed t
where o.process = t.process and o.id = t.id and o.what = t.what
returning o.id, o.aggregateid, o.type, o.payload, o.process, o.what, o.exchange, o.routing_key,
          o.headers, o.time, o.slow
