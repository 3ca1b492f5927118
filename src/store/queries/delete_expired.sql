-- Forgets ended processes past their retention, the general one or their workflow's, with all that
-- hangs on them, a bounded number.
with general as (
    select key from waybill.process
    where sealed_at < now() - make_interval(secs => $1) and keep_until is null
      and not exists (select from waybill.outbox o where o.process = process.key)
    order by sealed_at
    limit $2
    for update skip locked
),
own as (
    select key from waybill.process
    where keep_until <= now()
      and not exists (select from waybill.outbox o where o.process = process.key)
    order by keep_until
    limit $2
    for update skip locked
),
expired as (select key from general union all select key from own),
events as (delete from waybill.event e using expired x where e.process = x.key),
items as (delete from waybill.item i using expired x where i.process = x.key),
stages as (delete from waybill.stage s using expired x where s.process = x.key)
delete from waybill.process p using expired x where p.key = x.key
