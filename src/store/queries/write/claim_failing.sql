-- Claims messages of one failing destination by postponing their next attempt.
with due as (
    select process, id, what
    from waybill.outbox
    where slow in ('timeout', 'nacked', 'unroutable', 'denied')
      and exchange = $3 and routing_key = $4 and next_attempt_at <= now()
    order by next_attempt_at
    limit $1
    for update skip locked
)
update waybill.outbox o
set next_attempt_at = now() + make_interval(secs => $2)
from due d
where o.process = d.process and o.id = d.id and o.what = d.what
returning o.id, o.aggregateid, o.type, o.payload, o.process, o.what, o.exchange, o.routing_key,
          o.headers, o.time, o.slow
