-- One record with the columns of lock_processes.sql first, and what is still to be published.
select key, tenant, token, kind, status,
       opening_stamp, filename, module, workflow, group_name,
       attributes, reply_to, traceparent, tracestate,
       progress_done, total, total_stamp, items, items_failed, sequenced,
       ending, ending_stamp, ending_code, ending_message, settle_at, deadline_at,
       ended_at, code, message, now(),
       created_at, sealed_at, unroutable_at,
       (select count(*) from waybill.outbox o where o.process = p.key)
from waybill.process p
where key = $1
