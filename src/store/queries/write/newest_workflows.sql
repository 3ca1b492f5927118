-- The versions that orders open with now.
select name, max(version)
from waybill.workflow
where name = any ($1::text[])
group by name
