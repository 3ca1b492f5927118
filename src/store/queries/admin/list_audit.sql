-- Acts, the newest first; each of $1 tenant, $2 action, $3 actor, $4 object, $5 earliest time and $6 end may be
-- null, and so may the cursor to continue after. Of one tenant, its condition is replaced by one that has an index.
select id, at, actor_kind, actor, origin, database_user, action, object, tenant, reason
from waybill.audit
where ($1::text is null or tenant = $1)
  and ($2::text is null or action = $2)
  and ($3::text is null or actor = $3)
  and ($4::text is null or object = $4)
  and at >= coalesce($5::timestamptz, '-infinity')
  and at < coalesce($6::timestamptz, 'infinity')
  and (at, id) < (coalesce($7::timestamptz, 'infinity'), coalesce($8::bigint, 0))
order by at desc, id desc
limit $9
