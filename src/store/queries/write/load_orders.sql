-- The order columns of records.
select key, workflow_version, form
from waybill.process
where key = any ($1::uuid[]) and workflow_version is not null
