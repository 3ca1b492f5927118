-- Pushes that were parked too long, at most $2; locks their orders, so that no batch applies one at
-- the same time. Skips locked ones, $3, on which this janitor has just failed, and those set aside.
select k.process, k.source, k.event_id,
       exists (select from waybill.quarantine q where q.process = k.process and q.what = 'park')
from waybill.parked k join waybill.process p on p.key = k.process
where k.parked_at < now() - make_interval(secs => $1) and k.type = 'order.pushed'
  and not exists (select from waybill.quarantine q
                  where q.process = k.process and q.what = 'park' and q.retry_at > now())
  and k.process <> all ($3::uuid[])
order by k.parked_at
limit $2
for no key update of p skip locked
