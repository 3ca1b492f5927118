-- Loads and locks records in key order until the end of the transaction. The sequenced events
-- before an ending are counted separately, where it matters.
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
