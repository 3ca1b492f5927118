-- Deletes dead letters past their retention, the general one ($1 seconds, or none) or their tenant's if that
-- is shorter; at most $2 of each, the oldest first. Lowers the counts.
with general as (
    select id from waybill.dead_letter
    where received_at < now() - make_interval(secs => $1)
    order by received_at, id
    limit $2
),
theirs as (
    select d.id
    from waybill.tenant t
    cross join lateral (
        select id from waybill.dead_letter
        where coalesce(tenant, '') = t.name and received_at < now() - t.keep
        limit $2
    ) d
    where t.keep is not null
    limit $2
),
gone as (
    delete from waybill.dead_letter
    where id = any (array(select id from general union select id from theirs))
    returning reason
),
counted as (
    insert into waybill.tally (name, label, shard, value)
    select 'dead_letters', reason, $3::smallint, -count(*) from gone group by reason order by reason
    on conflict (name, label, shard) do update set value = tally.value + excluded.value
)
select count(*) from gone
