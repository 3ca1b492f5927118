-- Destinations that have waiting messages and are no longer failing, at most $1.
with recursive destination as (
    (
        select exchange, routing_key
        from waybill.outbox
        where slow = 'waiting'
        order by exchange, routing_key
        limit 1
    )
    union all
    select n.exchange, n.routing_key
    from destination d,
         lateral (
             select o.exchange, o.routing_key
             from waybill.outbox o
             where o.slow = 'waiting'
               and (o.exchange, o.routing_key) > (d.exchange, d.routing_key)
             order by o.exchange, o.routing_key
             limit 1
         ) n
)
select exchange, routing_key
from destination d
where not exists (
    select from waybill.outbox o
    where o.slow in ('timeout', 'nacked', 'unroutable', 'denied')
      and o.exchange = d.exchange and o.routing_key = d.routing_key
)
limit $1
