-- One record with the columns of lock_processes.sql first, what is still to be published, and how
-- long its log is.
select key, tenant, token, kind, status,
       opening_stamp, filename, module, workflow, group_name,
       attributes, reply_to, traceparent, tracestate,
       progress_done, total, total_stamp, items, items_failed,
       (select count(distinct e.sequence) from waybill.event e
        where e.process = p.key and e.sequence < p.ending_sequence),
       ending, ending_stamp, ending_code, ending_message, settle_at, deadline_at,
       ended_at, code, message, now(),
       created_at, sealed_at, unroutable_at,
       (select count(*) from waybill.outbox o where o.process = p.key),
       l.logged, l.late
from waybill.process p,
     lateral (select count(*) as logged, count(*) filter (where e.late) as late
              from waybill.event e where e.process = p.key) l
where key = $1
