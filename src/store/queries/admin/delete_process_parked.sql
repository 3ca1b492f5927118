-- Deletes the parked pushes of locked processes and lowers their count; and their other parked
-- events.
with gone as (
    delete from waybill.parked where process = any ($1::uuid[]) returning type
)
insert into waybill.tally (name, label, shard, value)
select 'parked', '', $2::smallint, -count(*) from gone where type = 'order.pushed' having count(*) > 0
on conflict (name, label, shard) do update set value = tally.value + excluded.value
