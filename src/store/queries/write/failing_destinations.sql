-- The failing destinations of messages on the slow lane, at most $1, each found by one index
-- look-up however many messages it has; with the broker's reply where it denied access.
with recursive destination as (
    (
        select exchange, routing_key
        from waybill.outbox
        where slow in ('timeout', 'nacked', 'unroutable', 'denied')
        order by exchange, routing_key
        limit 1
    )
    union all
    select n.exchange, n.routing_key
    from destination d,
         lateral (
             select o.exchange, o.routing_key
             from waybill.outbox o
             where o.slow in ('timeout', 'nacked', 'unroutable', 'denied')
               and (o.exchange, o.routing_key) > (d.exchange, d.routing_key)
             order by o.exchange, o.routing_key
             limit 1
         ) n
)
select exchange, routing_key,
       (select o.detail from waybill.outbox o
        where o.slow in ('timeout', 'nacked', 'unroutable', 'denied') and o.slow = 'denied'
          and o.exchange = d.exchange and o.routing_key = d.routing_key
        limit 1)
from destination d
limit $1
