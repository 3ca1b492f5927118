-- The next $4 records of a kind, the oldest first, that are open since before the limit, and whether
-- each was opened: few of them are not, and no index knows which.
select key, created_at, opened_at is not null
from waybill.process
where ended_at is null and kind = $1
  and created_at < now() - make_interval(secs => $2)
  and (created_at, key) > ($3, $5)
order by created_at, key
limit $4
