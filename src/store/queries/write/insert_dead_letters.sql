-- Inserts and counts messages that could not be applied; a redelivery is the same dead letter.
with kept as (
    insert into waybill.dead_letter (id, reason, problem, tenant, token, source, event_id, type,
                                     exchange, routing_key, queue, properties, headers, body)
    select *
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
                $14::bytea[])
    on conflict do nothing
    returning reason
)
insert into waybill.tally (name, label, shard, value)
select 'dead_letters', reason, $15, count(*) from kept group by reason order by reason
on conflict (name, label, shard) do update set value = tally.value + excluded.value
