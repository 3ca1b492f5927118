-- Below what every event is either visible or will never be: the newest epoch's oldest transaction
-- that still runs, or the next one.
select max(number), pg_snapshot_xmin(pg_current_snapshot())::text
from waybill.epoch
