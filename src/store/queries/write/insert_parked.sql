-- Parks pushes that arrived before their stops, and counts them; and events that arrived before the
-- kind of their process was decided.
with kept as (
    insert into waybill.parked (process, source, event_id, id, tenant, token, type,
                                exchange, routing_key, queue, properties, headers, body)
    select *
    from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[],
                $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
                $13::bytea[])
    on conflict do nothing
    returning type
)
insert into waybill.tally (name, label, shard, value)
select 'parked', '', $14::smallint, count(*) from kept where type = 'order.pushed' having count(*) > 0
on conflict (name, label, shard) do update set value = tally.value + excluded.value
