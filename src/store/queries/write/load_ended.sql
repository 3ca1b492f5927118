-- The records of ended processes, for rebuilding their completions.
select key, tenant, token, kind, status,
       opening_stamp, filename, module, workflow, group_name,
       attributes, reply_to, traceparent, tracestate,
       progress_done, total, total_stamp, items, items_failed, 0::bigint,
       ending, ending_stamp, ending_code, ending_message, settle_at, deadline_at,
       ended_at, code, message, completion_format, completion_hash,
       (select count(*) from waybill.stage s where s.process = p.key), attempt
from waybill.process p
where key = any ($1::uuid[]) and ended_at is not null and deleting_at is null
