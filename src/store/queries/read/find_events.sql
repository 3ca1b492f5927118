-- The outcomes of events: logged, or refused since they were sent. The log comes first: a refused
-- event may have been applied since.
select q.number, e.late, e.data, r.problem
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
     with ordinality q(process, tenant, token, source, id, since, number)
left join waybill.event e on e.process = q.process and e.source = q.source and e.id = q.id
                         and e.refused is null
left join lateral (
    select d.problem
    from waybill.dead_letter d
    where e.process is null
      and d.token = q.token and d.event_id = q.id and d.source = q.source and d.tenant = q.tenant
      and d.received_at >= q.since
    order by d.received_at desc
    limit 1
) r on true
where e.process is not null or r.problem is not null
order by q.number
