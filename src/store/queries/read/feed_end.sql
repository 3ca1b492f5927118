-- The cursor for a reader that wants only future events: the place of the newest event that readers
-- may see, or of one that retention has deleted. Not the number of a transaction that logged no
-- event: after a crash or a promotion the server may assign that number again.
select p.epoch, p.tx::text, p.pos
from (
    (select e.epoch, e.tx, e.pos
     from waybill.event e
     where (e.epoch, e.tx) < ((select max(number) from waybill.epoch),
                              pg_snapshot_xmin(pg_current_snapshot()))
     order by e.epoch desc, e.tx desc, e.pos desc
     limit 1)
    union all
    (select h.epoch, h.tx, h.pos
     from waybill.tenant_horizon h
     where (h.epoch, h.tx) < ((select max(number) from waybill.epoch),
                              pg_snapshot_xmin(pg_current_snapshot()))
     order by h.epoch desc, h.tx desc, h.pos desc
     limit 1)
    union all
    select h.epoch, h.tx, h.pos from waybill.feed_horizon h
) p
-- qualified: the bare name would be the text column of the select list
order by p.epoch desc, p.tx desc, p.pos desc
limit 1
