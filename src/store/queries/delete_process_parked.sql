-- Deletes the parked pushes of processes that are locked, and counts them down.
with gone as (
    delete from waybill.parked where process = any ($1::uuid[]) returning 1
)
insert into waybill.tally (name, label, shard, value)
select 'parked', '', $2::smallint, -count(*) from gone having count(*) > 0
on conflict (name, label, shard) do update set value = tally.value + excluded.value
