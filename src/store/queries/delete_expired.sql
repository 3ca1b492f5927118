-- Forgets ended processes past their retention, the general one or their workflow's, with all that
-- hangs on them, a bounded number. The horizon rises in the same transaction, so that no reader of
-- the log takes what is gone for never written; a tombstone says of each that it was there.
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
events as (
    delete from waybill.event e using expired x where e.process = x.key
    returning e.epoch, e.tx, e.pos
),
newest as (
    select epoch, tx, pos from events order by epoch desc, tx desc, pos desc limit 1
),
horizon as (
    update waybill.feed_horizon h
    set epoch = n.epoch, tx = n.tx, pos = n.pos
    from newest n
    where (n.epoch, n.tx, n.pos) > (h.epoch, h.tx, h.pos)
),
files as (update waybill.file f set due_at = now() from expired x where f.process = x.key),
items as (delete from waybill.item i using expired x where i.process = x.key),
stages as (delete from waybill.stage s using expired x where s.process = x.key),
tombstones as (
    insert into waybill.tombstone (key) select key from expired
    on conflict (key) do update set forgotten_at = excluded.forgotten_at
)
delete from waybill.process p using expired x where p.key = x.key
