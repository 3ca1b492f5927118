-- One record with the columns of lock_processes.sql first; polled.
select key, tenant, token, kind, status,
       opening_stamp, filename, module, workflow, group_name,
       attributes, reply_to, traceparent, tracestate,
       progress_done, total, total_stamp, items, items_failed,
       (select count(distinct e.sequence) from waybill.event e
        where e.process = p.key and e.sequence < p.ending_sequence and e.refused is null),
       ending, ending_stamp, ending_code, ending_message, settle_at, deadline_at,
       ended_at, code, message, now(),
       created_at, attempt
from waybill.process p
where key = $1 and deleting_at is null
