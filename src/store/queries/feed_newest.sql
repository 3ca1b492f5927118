-- The newest event that readers may see: one step into the index, however many wait for news.
select epoch, tx::text, pos
from waybill.event
where (epoch, tx) < ((select max(number) from waybill.epoch),
                     pg_snapshot_xmin(pg_current_snapshot()))
order by epoch desc, tx desc, pos desc
limit 1
