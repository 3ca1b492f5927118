-- The logs of processes, each up to the event at a place, in the order of commits. A place counts
-- only if it has an event of that process that is visible to the feed: then the log before it can't
-- change any more. Logs are read as long as they have at most $5 events and $6 bytes of data in
-- total. Each row has the number of its query, and whether all events after the place are late.
with snapshot as materialized (
    select (select max(number) from waybill.epoch) as epoch,
           pg_snapshot_xmin(pg_current_snapshot()) as xmin
),
place as materialized (
    select q.number, a.process, a.epoch, a.tx, a.pos,
           not exists (
               select from waybill.event e
               where e.process = a.process and not e.late
                 and (e.epoch, e.tx, e.pos) > (a.epoch, a.tx, a.pos)
           ) as is_last
    from snapshot, unnest($1::uuid[], $2::smallint[], $3::text[], $4::integer[]) with ordinality
               as q (process, epoch, tx, pos, number)
    join waybill.event a
      on a.epoch = q.epoch and a.tx = q.tx::xid8 and a.pos = q.pos and a.process = q.process
    where (a.epoch, a.tx) < (snapshot.epoch, snapshot.xmin)
),
size as materialized (
    select l.number, count(*) as events, sum(e.bytes) as bytes
    from place l,
         lateral (
            select octet_length(e.data) as bytes
            from waybill.event e
            where e.process = l.process
              and (e.epoch, e.tx, e.pos) <= (l.epoch, l.tx, l.pos)
            limit $5::bigint + 1
         ) e
    group by l.number
    having count(*) <= $5 and sum(e.bytes) <= $6::bigint
),
running_total as (
    select number, sum(events) over l as events, sum(bytes) over l as bytes
    from size
    window l as (order by number rows unbounded preceding)
)
select e.source, e.id, e.type, e.time, e.sequence, e.late, e.data, e.received_at,
       l.number, l.is_last, e.refused
from place l
left join running_total t on t.number = l.number and t.events <= $5 and t.bytes <= $6
left join waybill.event e
       on t.number is not null and e.process = l.process
      and (e.epoch, e.tx, e.pos) <= (l.epoch, l.tx, l.pos)
order by l.number, e.epoch, e.tx, e.pos
