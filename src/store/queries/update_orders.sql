-- Writes what is kept of orders beside their records.
update waybill.process p
set workflow_version = n.workflow_version, form = n.form,
    attachments = coalesce(n.attachments, p.attachments)
from unnest($1::uuid[], $2::integer[], $3::text[], $4::text[])
     as n (key, workflow_version, form, attachments)
where p.key = n.key
