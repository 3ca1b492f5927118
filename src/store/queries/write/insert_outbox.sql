-- The messages of this batch. The worker publishes them from memory after the commit; a sweeper
-- claims those that are still here at `next_attempt_at`.
insert into waybill.outbox (id, aggregatetype, aggregateid, type, payload,
                            process, what, exchange, routing_key, headers, time, next_attempt_at)
select n.id, 'process', n.aggregateid, n.type, n.payload,
       n.process, n.what, n.exchange, n.routing_key, n.headers, n.time,
       now() + make_interval(secs => $11)
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[],
            $8::text[], $9::text[], $10::timestamptz[])
     as n (id, aggregateid, type, payload, process, what, exchange, routing_key, headers, time)
on conflict do nothing
