-- The step with the greatest stamp of each of these processes, and how many of its steps were looked
-- at: at most $2.
select w.process, s.data, s.seen
from unnest($1::uuid[]) as w (process),
     lateral (
        select e.data, count(*) over () as seen
        from (
            select e.data, e.time, e.sequence, e.source, e.id
            from waybill.event e
            where e.process = w.process
              and e.type in ('upload.step', 'order.step')
              and not e.late
            limit $2::bigint
        ) e
        order by e.time desc, coalesce(e.sequence, -1) desc,
                 e.source collate "C" desc, e.id collate "C" desc
        limit 1
     ) s
