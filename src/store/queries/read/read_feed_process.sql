-- As read_feed.sql, for one process ($4): by its key instead of a scan of the whole log, sorted
-- before the data is read. The horizon does not matter: while a process is kept, so are all its
-- events, and one that is being deleted is gone.
with snapshot as materialized (
    select (select max(number) from waybill.epoch) as epoch,
           pg_snapshot_xmin(pg_current_snapshot()) as xmin
),
log as materialized (
    select e.process, e.source, e.id, e.epoch, e.tx, e.pos
    from waybill.event e
    where e.process = $4::uuid
      and (e.epoch, e.tx, e.pos) > ($1::smallint, $2::text::xid8, $3::integer)
      and (e.epoch, e.tx) < ((select epoch from snapshot), (select xmin from snapshot))
      and ($9::text[] is null or e.type = any ($9))
),
page as materialized (
    select e.*, p.tenant, p.token, split_part(e.type, '.', 1) as kind,
           sum(octet_length(e.data)) over (
               order by e.epoch, e.tx, e.pos rows unbounded preceding
           ) - octet_length(e.data) as bytes_before
    from (select * from log order by epoch, tx, pos limit $5::bigint) s
    join waybill.event e on e.process = s.process and e.source = s.source and e.id = s.id
    join waybill.process p on p.key = e.process and p.deleting_at is null
    where ($7::text is null or p.tenant = $7)
      and ($8::text is null or starts_with(e.type, $8 || '.'))
),
newest as materialized (
    select e.epoch, e.tx, e.pos
    from waybill.event e
    where (e.epoch, e.tx, e.pos) > ($1, $2::text::xid8, $3)
      and (e.epoch, e.tx) < ((select epoch from snapshot), (select xmin from snapshot))
    order by e.epoch desc, e.tx desc, e.pos desc
    limit 1
)
select k.source, k.id, k.type, k.time, k.sequence, k.late, k.data, k.received_at,
       k.tenant, k.token, k.kind, k.epoch, k.tx::text, k.pos,
       0::smallint, '0', 0, n.epoch, n.tx::text, n.pos,
       null::smallint, null::text, null::integer, (select count(*) from page), k.refused
from snapshot l
left join page k on k.bytes_before < $6::bigint
left join newest n on true
order by k.epoch, k.tx, k.pos
