-- The logs of these processes in the order of stamps: of each at most $2 events, and over all
-- processes until their data reaches $3 bytes. Without $4 only steps come with their data, which is
-- the history.
select e.source, e.id, e.type, e.time, e.sequence, e.late, e.data, e.received_at, e.number,
       e.refused
from (
    select q.number, e.*,
           sum(octet_length(e.data)) over (
               order by q.number, e.time, coalesce(e.sequence, -1),
                        e.source collate "C", e.id collate "C"
               rows unbounded preceding
           ) - octet_length(e.data) as bytes_before
    from unnest($1::uuid[], $2::bigint[], $4::boolean[]) with ordinality
              as q (process, most, data, number),
         lateral (
            select e.source, e.id, e.type, e.time, e.sequence, e.late, e.received_at,
                   e.refused,
                   case when q.data or e.type like '%.step' then e.data else '' end as data
            from waybill.event e
            where e.process = q.process
            order by e.time, coalesce(e.sequence, -1), e.source collate "C", e.id collate "C"
            limit q.most
         ) e
) e
where e.bytes_before < $3::bigint
order by e.number, e.time, coalesce(e.sequence, -1), e.source collate "C", e.id collate "C"
