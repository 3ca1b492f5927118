-- Moves waiting messages of a destination that works again to the normal lane, at most $3.
with waiting as (
    select process, id, what
    from waybill.outbox
    where slow = 'waiting' and exchange = $1 and routing_key = $2
    limit $3
    for update skip locked
),
released as (
    update waybill.outbox o
    set slow = null, detail = null, next_attempt_at = now()
    from waiting w
    where o.process = w.process and o.id = w.id and o.what = w.what
    returning o.id
),
counted as (
    insert into waybill.tally (name, label, shard, value)
    select 'outbox_stuck', 'waiting', 0, -count(*) from released having count(*) > 0
    on conflict (name, label, shard) do update set value = tally.value + excluded.value
)
select count(*) from released
