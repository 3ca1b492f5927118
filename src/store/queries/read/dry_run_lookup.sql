-- The state that events would find: the kind of their process, if decided, whether it is opened,
-- whether it has ended, and whether they are in the log.
select case when p.opened_at is not null or p.ended_at is not null then p.kind end,
       p.opened_at is not null, p.ended_at is not null, e.process is not null
from unnest($1::uuid[], $2::text[], $3::text[]) with ordinality q(process, source, id, number)
left join waybill.process p on p.key = q.process
left join waybill.event e on e.process = q.process and e.source = q.source and e.id = q.id
                         and e.refused is null
order by q.number
