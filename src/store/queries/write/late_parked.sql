-- Pushes that have waited too long, at most $2; their orders are locked, so that no batch applies one
-- at the same time. Skips what others hold ($3: what this janitor has just failed at) and what is set
-- aside.
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
