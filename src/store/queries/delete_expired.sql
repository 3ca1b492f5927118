-- Forgets ended processes past their retention with all that hangs on them, a bounded number.
with expired as (
    select key from waybill.process
    where sealed_at < now() - make_interval(secs => $1)
      and not exists (select from waybill.outbox o where o.process = process.key)
    order by sealed_at
    limit $2
    for update skip locked
),
events as (delete from waybill.event e using expired x where e.process = x.key),
items as (delete from waybill.item i using expired x where i.process = x.key),
stages as (delete from waybill.stage s using expired x where s.process = x.key)
delete from waybill.process p using expired x where p.key = x.key
