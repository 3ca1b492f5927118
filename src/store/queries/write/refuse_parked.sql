-- Moves parked pushes whose stops will not be reached to the dead letters, and marks them in the
-- log: readers have seen them, or will.
with gone as (
    delete from waybill.parked k
    using unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
          as n (process, source, event_id, reason, problem)
    where k.process = n.process and k.source = n.source and k.event_id = n.event_id
    returning k.*, n.reason, n.problem
),
events as (
    update waybill.event e set refused = g.reason
    from gone g
    where e.process = g.process and e.source = g.source and e.id = g.event_id
),
kept as (
    insert into waybill.dead_letter (id, reason, problem, tenant, token, source, event_id, type,
                                     exchange, routing_key, queue, properties, headers, body)
    select id, reason, problem, tenant, token, source, event_id, type,
           exchange, routing_key, queue, properties, headers, body
    from gone
    on conflict do nothing
    returning reason
)
insert into waybill.tally (name, label, shard, value)
select 'parked', '', $6::smallint, -count(*) from gone
union all
select * from (select 'dead_letters', reason, $6::smallint, count(*) from kept
               group by reason order by reason) counted
on conflict (name, label, shard) do update set value = tally.value + excluded.value
