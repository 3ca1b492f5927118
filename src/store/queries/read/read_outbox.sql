-- The outbox messages of a process, its completion first, at most $2.
select what, exchange, routing_key, slow, detail, attempts, next_attempt_at
from waybill.outbox
where process = $1
order by what <> 'completion', time, id, what
limit $2
