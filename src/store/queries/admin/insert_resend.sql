-- Inserts completions to resend, one by one on the slow lane: each is due $10 seconds after the
-- previous one. One that is still in the outbox is left as it is.
with resent as (
    insert into waybill.outbox (id, aggregatetype, aggregateid, type, payload, process, what,
                                exchange, routing_key, headers, time, next_attempt_at, slow)
    select n.id, 'process', n.aggregateid, n.type, null, n.process, 'completion',
           n.exchange, n.routing_key, n.headers, n.time,
           now() + make_interval(secs => $9::double precision + $10::double precision * (n.number - 1)), 'resend'
    from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                $8::timestamptz[]) with ordinality
         as n (id, aggregateid, type, process, exchange, routing_key, headers, time, number)
    on conflict do nothing
    returning id
)
select count(*) from resent
