-- Begins an epoch if the newest one began on another server or time line, and returns its number. A
-- cluster never reuses a time line, so no number is reused; the primary key lets one of concurrent
-- writers begin it, and the others wait. The newest place now is the end of the earlier epochs.
insert into waybill.epoch (number, system_identifier, timeline, after_epoch, after_tx, after_pos)
select coalesce(l.number, 0) + case
           when l.system_identifier = s.system_identifier and s.timeline > l.timeline
           then s.timeline - l.timeline
           else 1
       end,
       s.system_identifier, s.timeline, n.epoch, n.tx, n.pos
from (
    -- not pg_control_checkpoint(): it shows a promotion only after the next checkpoint
    select c.system_identifier,
           ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer as timeline
    from pg_control_system() c
) s
left join (
    select e.number, e.system_identifier, e.timeline
    from waybill.epoch e
    order by e.number desc
    limit 1
) l on true
left join (
    select p.epoch, p.tx, p.pos
    from (
        (select e.epoch, e.tx, e.pos
         from waybill.event e
         order by e.epoch desc, e.tx desc, e.pos desc
         limit 1)
        union all
        (select h.epoch, h.tx, h.pos
         from waybill.tenant_horizon h
         order by h.epoch desc, h.tx desc, h.pos desc
         limit 1)
        union all
        select h.epoch, h.tx, h.pos from waybill.feed_horizon h
    ) p
    order by p.epoch desc, p.tx desc, p.pos desc
    limit 1
) n on true
where (l.system_identifier, l.timeline) is distinct from (s.system_identifier, s.timeline)
on conflict (number) do nothing
returning number
