-- Deletes at most $4 dead letters of a tenant, of these tokens or, without any, all; with $3 also those
-- of these tokens that are of no known tenant. Lowers the counts.
with gone as (
    delete from waybill.dead_letter
    where id = any (array(
        select id from waybill.dead_letter
        where $2::text[] is not null and token = any ($2) and (tenant = $1 or $3 and tenant is null)
           or $2 is null and coalesce(tenant, '') = $1
        limit $4
    ))
    returning reason
),
counted as (
    insert into waybill.tally (name, label, shard, value)
    select 'dead_letters', reason, 0, -count(*) from gone group by reason order by reason
    on conflict (name, label, shard) do update set value = tally.value + excluded.value
)
select count(*) from gone
