-- Moves parked events of the other kind than their process, which is decided now, to the dead
-- letters, and marks them in the log: readers have seen them, or will.
with gone as (
    delete from waybill.parked k
    using unnest($1::uuid[], $2::text[]) as n (process, kind)
    where k.process = n.process and not starts_with(k.type, n.kind || '.')
    returning k.*
),
events as (
    update waybill.event e set refused = $3::text
    from gone g
    where e.process = g.process and e.source = g.source and e.id = g.event_id
),
kept as (
    insert into waybill.dead_letter (id, reason, problem, tenant, token, source, event_id, type,
                                     exchange, routing_key, queue, properties, headers, body)
    select id, $3::text, $4::text, tenant, token, source, event_id, type,
           exchange, routing_key, queue, properties, headers, body
    from gone
    on conflict do nothing
    returning 1
)
insert into waybill.tally (name, label, shard, value)
select 'parked', '', $5::smallint, -count(*) from gone where type = 'order.pushed' having count(*) > 0
union all
select 'dead_letters', $3::text, $5::smallint, count(*) from kept having count(*) > 0
on conflict (name, label, shard) do update set value = tally.value + excluded.value
