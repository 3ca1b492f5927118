-- Deletes dead letters past their retention, at most $2, the oldest first, and lowers the counts.
with gone as (
    delete from waybill.dead_letter
    where id = any (array(
        select id from waybill.dead_letter
        where received_at < now() - make_interval(secs => $1)
        order by received_at, id
        limit $2
    ))
    returning reason
),
counted as (
    insert into waybill.tally (name, label, shard, value)
    select 'dead_letters', reason, $3::smallint, -count(*) from gone group by reason order by reason
    on conflict (name, label, shard) do update set value = tally.value + excluded.value
)
select count(*) from gone
