-- Undeliverable messages of processes past their retention: locks at most $2 processes of each kind
-- of retention; skips locked ones, and messages that this version can't read.
with general as (
    select key from waybill.process p
    where sealed_at < now() - make_interval(secs => $1) and keep_until is null
      and exists (select from waybill.outbox o
                  where o.process = p.key and o.what = any ($3::text[]) and o.slow = any ($4::text[]))
    order by sealed_at
    limit $2
    for update skip locked
),
own as (
    select key from waybill.process p
    where keep_until <= now()
      and exists (select from waybill.outbox o
                  where o.process = p.key and o.what = any ($3::text[]) and o.slow = any ($4::text[]))
    order by keep_until
    limit $2
    for update skip locked
),
theirs as (
    select p.key
    from waybill.tenant t
    cross join lateral (
        select key from waybill.process p
        where tenant = t.name and created_at < now() - t.keep and sealed_at < now() - t.keep
          and exists (select from waybill.outbox o
                      where o.process = p.key and o.what = any ($3::text[]) and o.slow = any ($4::text[]))
        order by created_at
        limit $2
        for update skip locked
    ) p
    where t.keep is not null
)
select o.id, o.aggregateid, o.type, o.payload, o.process, o.what, o.exchange, o.routing_key,
       o.headers, o.time, o.slow, o.detail
from (select key from general union select key from own union select key from theirs) due
join waybill.outbox o
  on o.process = due.key and o.what = any ($3::text[]) and o.slow = any ($4::text[])
