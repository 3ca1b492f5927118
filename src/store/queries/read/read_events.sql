-- The logs of these processes in the order of stamps, of each at most so many events, and of all
-- together as many as have less data than $3 bytes before them. Where $4 says that nobody wants the
-- data, steps alone come with it, for theirs is history.
select e.source, e.id, e.type, e.time, e.sequence, e.late, e.data, e.received_at, e.number,
       e.refused
from (
    select w.number, e.*,
           sum(octet_length(e.data)) over (
               order by w.number, e.time, coalesce(e.sequence, -1),
                        e.source collate "C", e.id collate "C"
               rows unbounded preceding
           ) - octet_length(e.data) as bytes_before
    from unnest($1::uuid[], $2::bigint[], $4::boolean[]) with ordinality
              as w (process, most, data, number),
         lateral (
            select e.source, e.id, e.type, e.time, e.sequence, e.late, e.received_at,
                   e.refused,
                   case when w.data or e.type like '%.step' then e.data else '' end as data
            from waybill.event e
            where e.process = w.process
            order by e.time, coalesce(e.sequence, -1), e.source collate "C", e.id collate "C"
            limit w.most
         ) e
) e
where e.bytes_before < $3::bigint
order by e.number, e.time, coalesce(e.sequence, -1), e.source collate "C", e.id collate "C"
