-- Records with the columns of lock_processes.sql first; what is still to be published, how long the
-- log of each is, and the place of its newest event that the feed gives too. The log of a process is
-- walked once for all of it.
with look as materialized (
    select (select max(number) from waybill.epoch) as epoch,
           pg_snapshot_xmin(pg_current_snapshot()) as xmin
)
select p.key, tenant, token, kind, status,
       opening_stamp, filename, module, workflow, group_name,
       attributes, reply_to, traceparent, tracestate,
       progress_done, total, total_stamp, items, items_failed, l.sequenced,
       ending, ending_stamp, ending_code, ending_message, settle_at, deadline_at,
       ended_at, code, message, now(),
       created_at, sealed_at, unroutable_at,
       (select count(*) from waybill.outbox o where o.process = p.key),
       l.logged, l.late, l.newest
from look, waybill.process p,
     lateral (
        select count(*) as logged,
               count(*) filter (where e.late) as late,
               count(distinct e.sequence) filter (where e.sequence < p.ending_sequence)
                   as sequenced,
               max(array[e.epoch::bigint, e.tx::text::bigint, e.pos])
                   filter (where (e.epoch, e.tx) < (look.epoch, look.xmin)) as newest
        from waybill.event e
        where e.process = p.key
     ) l
where p.key = any ($1::uuid[])
