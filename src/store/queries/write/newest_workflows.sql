-- The newest versions of workflows, with which orders open.
select name, max(version)
from waybill.workflow
where name = any ($1::text[])
group by name
