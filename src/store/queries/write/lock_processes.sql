-- Loads the records and keeps them from others until the end of the transaction; in key order. How
-- many sequenced events came before an ending is counted where it matters, from the log.
select key, tenant, token, kind, status,
       opening_stamp, filename, module, workflow, group_name,
       attributes, reply_to, traceparent, tracestate,
       progress_done, total, total_stamp, items, items_failed, 0::bigint,
       ending, ending_stamp, ending_code, ending_message, settle_at, deadline_at,
       ended_at, code, message, now(), attempt
from waybill.process
where key = any ($1::uuid[])
order by key
for no key update
