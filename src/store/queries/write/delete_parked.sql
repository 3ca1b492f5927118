-- Deletes parked pushes whose stops were reached, and lowers their count.
with gone as (
    delete from waybill.parked k
    using unnest($1::uuid[], $2::text[], $3::text[]) as n (process, source, event_id)
    where k.process = n.process and k.source = n.source and k.event_id = n.event_id
    returning 1
)
insert into waybill.tally (name, label, shard, value)
select 'parked', '', $4::smallint, -count(*) from gone
on conflict (name, label, shard) do update set value = tally.value + excluded.value
