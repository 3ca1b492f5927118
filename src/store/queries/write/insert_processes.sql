-- Creates a record for every token that has none; in key order, as all locks. Each is looked up by
-- its key: `not exists` may be planned as a full scan of another index. A token with a tombstone
-- begins its next attempt.
insert into waybill.process (key, tenant, token, kind, deadline_at, attempt)
select n.key, n.tenant, n.token, n.kind, now() + make_interval(secs => $5),
       1 + coalesce((select t.attempt from waybill.tombstone t where t.key = n.key), 0)
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as n (key, tenant, token, kind)
where (select true from waybill.process p where p.key = n.key limit 1) is null
order by n.key
on conflict do nothing
returning key, kind
