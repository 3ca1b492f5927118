-- Makes dead letters of pushes that have waited too long, a bounded number; their orders are locked
-- first, so that no batch applies one at the same time.
with late as (
    select k.process, k.source, k.event_id
    from waybill.parked k join waybill.process p on p.key = k.process
    where k.parked_at < now() - make_interval(secs => $1)
    order by k.parked_at
    limit $2
    for no key update of p skip locked
),
gone as (
    delete from waybill.parked k using late l
    where k.process = l.process and k.source = l.source and k.event_id = l.event_id
    returning k.*, $3::text as reason, $4::text as problem
),
events as (
    delete from waybill.event e using gone g
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
select 'parked', '', $5::smallint, -count(*) from gone
union all
select * from (select 'dead_letters', reason, $5::smallint, count(*) from kept
               group by reason order by reason) letters
on conflict (name, label, shard) do update set value = tally.value + excluded.value
