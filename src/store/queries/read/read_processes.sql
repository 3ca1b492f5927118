-- Records with the columns of lock_processes.sql first, and the number of outbox messages. The log
-- is read only where an ending waits for events before it.
select p.key, tenant, token, kind, status,
       opening_stamp, filename, module, workflow, group_name,
       attributes, reply_to, traceparent, tracestate,
       progress_done, total, total_stamp, items, items_failed,
       case when p.ended_at is null and p.ending_sequence > 0 then (
           select count(distinct e.sequence)
           from waybill.event e
           where e.process = p.key and e.sequence < p.ending_sequence and e.refused is null
       ) else 0 end,
       ending, ending_stamp, ending_code, ending_message, settle_at, deadline_at,
       ended_at, code, message, now(),
       created_at, sealed_at, unroutable_at,
       (select count(*) from waybill.outbox o where o.process = p.key),
       attempt
from waybill.process p
where p.key = any ($1::uuid[]) and p.deleting_at is null
