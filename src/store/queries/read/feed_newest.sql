-- The newest event that readers may see: one step into the index, however many wait for news.
select e.epoch, e.tx::text, e.pos
from waybill.event e
where (e.epoch, e.tx) < ((select max(number) from waybill.epoch),
                         pg_snapshot_xmin(pg_current_snapshot()))
-- by the columns: the bare name would be that of the text above
order by e.epoch desc, e.tx desc, e.pos desc
limit 1
