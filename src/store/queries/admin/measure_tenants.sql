-- What tenants use of their quotas: open processes of the first ones, bytes of the files of the second
-- ones, each in one walk.
select 'open', p.tenant, count(*)
from waybill.process p
where p.ended_at is null and p.tenant = any ($1::text[])
group by p.tenant
union all
select 'stored', p.tenant, coalesce(sum(f.size), 0)::bigint
from waybill.file f
join waybill.process p on p.key = f.process
where p.tenant = any ($2::text[])
group by p.tenant
