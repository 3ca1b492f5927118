-- Updates the order columns of records.
update waybill.process p
set workflow_version = n.workflow_version, form = n.form,
    attachments = case when n.has_attachments then n.attachments else p.attachments end,
    keep_until = coalesce(now() + make_interval(secs => n.kept_seconds), p.keep_until)
from unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::boolean[],
            $6::double precision[])
     as n (key, workflow_version, form, attachments, has_attachments, kept_seconds)
where p.key = n.key
