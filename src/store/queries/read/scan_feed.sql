-- The tenants of the next events after a place that readers may see, at most $4 of them, and the place
-- of the last one: one walk through the index, however many readers wait.
with scanned as materialized (
    select e.epoch, e.tx, e.pos, e.process
    from waybill.event e
    where (e.epoch, e.tx, e.pos) > ($1::smallint, $2::text::xid8, $3::integer)
      and (e.epoch, e.tx) < ((select max(number) from waybill.epoch),
                             pg_snapshot_xmin(pg_current_snapshot()))
    order by e.epoch, e.tx, e.pos
    limit $4::bigint
)
select s.epoch, s.tx::text, s.pos,
       (select count(*) from scanned),
       (select coalesce(array_agg(distinct p.tenant), '{}')
        from waybill.process p
        where p.key = any (array(select distinct process from scanned)))
from scanned s
-- qualified: the bare name would be the text column of the select list
order by s.epoch desc, s.tx desc, s.pos desc
limit 1
