-- The log after a place, or after the horizon, in (epoch, tx, pos) order and only below every
-- running transaction, which may still commit events before those that are visible now.
-- At most $4 events are scanned; of those that pass the filter the first $5 are returned, until
-- their data reaches $6 bytes. If fewer than $5 pass, `far` is the last one that was scanned,
-- unless the log ended before; `newest` is the end of the log. All of it is one snapshot, the
-- horizon too: that of the tenant, or without a tenant the greatest of all.
with snapshot as materialized (
    select h.epoch as gone_epoch, h.tx as gone_tx, h.pos as gone_pos,
           (select max(number) from waybill.epoch) as epoch,
           pg_snapshot_xmin(pg_current_snapshot()) as xmin
    from (
        select f.epoch, f.tx, f.pos from waybill.feed_horizon f
        union all
        select t.epoch, t.tx, t.pos from waybill.tenant_horizon t where t.tenant = $7::text
        union all
        (select t.epoch, t.tx, t.pos
         from waybill.tenant_horizon t
         where $7::text is null
         order by t.epoch desc, t.tx desc, t.pos desc
         limit 1)
    ) h
    order by h.epoch desc, h.tx desc, h.pos desc
    limit 1
),
page as materialized (
    select s.*, p.tenant, p.token, split_part(s.type, '.', 1) as kind,
           sum(octet_length(s.data)) over (
               order by s.epoch, s.tx, s.pos rows unbounded preceding
           ) - octet_length(s.data) as bytes_before
    from (
        select e.*
        from waybill.event e
        where (e.epoch, e.tx, e.pos) > (coalesce($1::smallint, (select gone_epoch from snapshot)),
                                        coalesce($2::text::xid8, (select gone_tx from snapshot)),
                                        coalesce($3::integer, (select gone_pos from snapshot)))
          and (e.epoch, e.tx) < ((select epoch from snapshot), (select xmin from snapshot))
        order by e.epoch, e.tx, e.pos
        limit $4::bigint
    ) s
    join waybill.process p on p.key = s.process
    where ($7::text is null or p.tenant = $7)
      and ($8::text is null or starts_with(s.type, $8 || '.'))
      and ($9::text[] is null or s.type = any ($9))
    order by s.epoch, s.tx, s.pos
    limit $5::bigint
),
far as materialized (
    select e.epoch, e.tx, e.pos
    from waybill.event e
    where (select count(*) from page) < $5
      and (e.epoch, e.tx, e.pos) > (coalesce($1, (select gone_epoch from snapshot)),
                                    coalesce($2::text::xid8, (select gone_tx from snapshot)),
                                    coalesce($3, (select gone_pos from snapshot)))
      and (e.epoch, e.tx) < ((select epoch from snapshot), (select xmin from snapshot))
    order by e.epoch, e.tx, e.pos
    offset $4 - 1
    limit 1
),
newest as materialized (
    select e.epoch, e.tx, e.pos
    from waybill.event e
    where (e.epoch, e.tx, e.pos) > (coalesce($1, (select gone_epoch from snapshot)),
                                    coalesce($2::text::xid8, (select gone_tx from snapshot)),
                                    coalesce($3, (select gone_pos from snapshot)))
      and (e.epoch, e.tx) < ((select epoch from snapshot), (select xmin from snapshot))
    order by e.epoch desc, e.tx desc, e.pos desc
    limit 1
)
select k.source, k.id, k.type, k.time, k.sequence, k.late, k.data, k.received_at,
       k.tenant, k.token, k.kind, k.epoch, k.tx::text, k.pos,
       l.gone_epoch, l.gone_tx::text, l.gone_pos, n.epoch, n.tx::text, n.pos,
       f.epoch, f.tx::text, f.pos, (select count(*) from page), k.refused
from snapshot l
left join page k on k.bytes_before < $6::bigint
left join far f on true
left join newest n on true
order by k.epoch, k.tx, k.pos
