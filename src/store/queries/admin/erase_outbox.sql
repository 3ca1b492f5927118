-- Deletes the messages of erased processes that were not published, and lowers the counts of stuck ones.
with gone as (
    delete from waybill.outbox where process = any ($1::uuid[]) returning slow
)
insert into waybill.tally (name, label, shard, value)
select 'outbox_stuck', slow, 0, -count(*)
from gone
where slow not in ('unconfirmed', 'resend')
group by slow
order by slow
on conflict (name, label, shard) do update set value = tally.value + excluded.value
