-- The next $4 open records of a kind that are older than $2 seconds, the oldest first, and whether
-- each was opened: few were not, and no index finds them.
select key, created_at, opened_at is not null
from waybill.process
where ended_at is null and kind = $1
  and created_at < now() - make_interval(secs => $2)
  and (created_at, key) > ($3, $5)
order by created_at, key
limit $4
