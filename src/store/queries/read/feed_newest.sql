-- The newest event that readers may see: one index look-up, however many readers wait.
select e.epoch, e.tx::text, e.pos
from waybill.event e
where (e.epoch, e.tx) < ((select max(number) from waybill.epoch),
                         pg_snapshot_xmin(pg_current_snapshot()))
-- qualified: the bare name would be the text column of the select list
order by e.epoch desc, e.tx desc, e.pos desc
limit 1
