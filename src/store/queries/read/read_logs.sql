-- The logs of processes, each up to and with the event at a place, in the order of commits. A place
-- counts only if it is of an event of that process which the feed gives: then what lies before it
-- can't change any more. A log with more than $5 events or $6 bytes of data is not read, nor is one
-- that is too much beside those before it. With each row come its request's number, and whether all
-- that came after the place was late.
with look as materialized (
    select (select max(number) from waybill.epoch) as epoch,
           pg_snapshot_xmin(pg_current_snapshot()) as xmin
),
place as materialized (
    select w.number, a.process, a.epoch, a.tx, a.pos,
           not exists (
               select from waybill.event e
               where e.process = a.process and not e.late
                 and (e.epoch, e.tx, e.pos) > (a.epoch, a.tx, a.pos)
           ) as is_last
    from look, unnest($1::uuid[], $2::smallint[], $3::text[], $4::integer[]) with ordinality
               as w (process, epoch, tx, pos, number)
    join waybill.event a
      on a.epoch = w.epoch and a.tx = w.tx::xid8 and a.pos = w.pos and a.process = w.process
    where (a.epoch, a.tx) < (look.epoch, look.xmin)
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
together as (
    select number, sum(events) over l as events, sum(bytes) over l as bytes
    from size
    window l as (order by number rows unbounded preceding)
)
select e.source, e.id, e.type, e.time, e.sequence, e.late, e.data, e.received_at,
       l.number, l.is_last, e.refused
from place l
left join together t on t.number = l.number and t.events <= $5 and t.bytes <= $6
left join waybill.event e
       on t.number is not null and e.process = l.process
      and (e.epoch, e.tx, e.pos) <= (l.epoch, l.tx, l.pos)
order by l.number, e.epoch, e.tx, e.pos
