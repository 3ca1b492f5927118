-- Pushes that have waited too long, a bounded number; their orders are locked, so that no batch
-- applies one at the same time.
select k.process, k.source, k.event_id
from waybill.parked k join waybill.process p on p.key = k.process
where k.parked_at < now() - make_interval(secs => $1)
order by k.parked_at
limit $2
for no key update of p skip locked
