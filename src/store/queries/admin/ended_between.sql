-- Processes that were sealed in a time range, the oldest first, page by page.
select sealed_at, key
from waybill.process
where sealed_at >= $1 and sealed_at < $2 and deleting_at is null
  and ($3::text is null or tenant = $3)
  and ($4::text[] is null or status = any ($4))
  and (sealed_at, key) > ($5::timestamptz, $6::uuid)
order by sealed_at, key
limit $7
