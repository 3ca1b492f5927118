-- Takes what is due and puts its next attempt off, so that no other sweeper takes it meanwhile;
-- each attempt waits longer, up to five minutes.
with due as (
    select process, id, what
    from waybill.outbox
    where next_attempt_at <= now()
    order by next_attempt_at
    limit $1
    for update skip locked
)
update waybill.outbox o
set attempts = o.attempts + 1,
    next_attempt_at = now() + least($2 * power(2, least(o.attempts, 10)), 300) * interval '1 second'
from due
where o.process = due.process and o.id = due.id and o.what = due.what
returning o.id, o.aggregateid, o.type, o.payload, o.process, o.what, o.exchange, o.routing_key,
          o.headers, o.time, o.created_at
