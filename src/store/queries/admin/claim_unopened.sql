-- Claims those of these records that were never opened; skips locked ones and those set aside.
select key,
       exists (select from waybill.quarantine q where q.process = p.key and q.what = 'delete')
from waybill.process p
where key = any ($1::uuid[]) and opened_at is null and ended_at is null
  and not exists (select from waybill.outbox o where o.process = p.key)
  and not exists (select from waybill.quarantine q
                  where q.process = p.key and q.what = 'delete' and q.retry_at > now())
for update skip locked
