-- Deletes messages that were confirmed, or returned where unroutable ones are dropped.
with gone as (
    delete from waybill.outbox o
    using unnest($1::uuid[], $2::uuid[], $3::text[]) as n (process, id, what)
    where o.process = n.process and o.id = n.id and o.what = n.what
    returning o.slow
)
insert into waybill.tally (name, label, shard, value)
select 'outbox_stuck', slow, 0, -count(*)
from gone
where slow not in ('unconfirmed', 'resend')
group by slow
order by slow
on conflict (name, label, shard) do update set value = tally.value + excluded.value
