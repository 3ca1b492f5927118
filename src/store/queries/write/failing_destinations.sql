-- Where messages of the slow lane go whose destination is at fault, at most $1, each found by a step
-- along the index however many messages it has; with what the broker says where it may not be
-- published to.
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
