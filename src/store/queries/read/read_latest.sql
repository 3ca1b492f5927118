-- Of each of these processes the step with the greatest stamp, the number of scanned steps (at most
-- $2), and its first current stages (at most $3).
select w.process, s.data, s.seen,
       array(
           select t.stage
           from waybill.stage t
           where t.process = w.process and t.left_at is null
           order by t.entered_at, t.stage collate "C", t.number
           limit $3::bigint
       )
from unnest($1::uuid[]) as w (process)
left join lateral (
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
) s on true
