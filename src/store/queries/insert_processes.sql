-- Makes a record for every token that has none yet; in key order, as every lock is taken.
insert into waybill.process (key, tenant, token, kind, deadline_at)
select n.key, n.tenant, n.token, n.kind, now() + make_interval(secs => $5)
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as n (key, tenant, token, kind)
where not exists (select from waybill.process p where p.key = n.key)
order by n.key
on conflict do nothing
returning kind
