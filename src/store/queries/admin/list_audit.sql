-- Acts, the newest first; $1 tenant, $2 action and $3 earliest time may be null.
select at, actor_kind, actor, origin, database_user, action, object, tenant, reason
from waybill.audit
where ($1::text is null or tenant = $1)
  and ($2::text is null or action = $2)
  and at >= coalesce($3::timestamptz, '-infinity')
order by at desc, id desc
limit $4
