-- The place of the newest dead letter.
select received_at, id
from waybill.dead_letter
order by received_at desc, id desc
limit 1
