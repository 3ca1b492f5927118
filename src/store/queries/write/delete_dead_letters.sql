-- Deletes dead letters and lowers their counts.
with gone as (
    delete from waybill.dead_letter where id = any ($1::uuid[]) returning reason
),
counted as (
    insert into waybill.tally (name, label, shard, value)
    select 'dead_letters', reason, 0, -count(*) from gone group by reason order by reason
    on conflict (name, label, shard) do update set value = tally.value + excluded.value
)
select count(*) from gone
