-- Empties the records of locked processes and ends those that are open, without a completion: they are
-- gone for every reader, and the janitor deletes what this program leaves of them.
update waybill.process
set status = case when ended_at is null then 'cancelled' else status end,
    ended_at = coalesce(ended_at, now()), sealed_at = coalesce(sealed_at, now()),
    deleting_at = coalesce(deleting_at, now()), keep_until = now(),
    opened_at = null, opening_stamp = null, source = null, filename = null, module = null,
    workflow = null, workflow_version = null, group_name = null, attributes = null, form = null,
    attachments = null, reply_to = null, traceparent = null, tracestate = null,
    progress_done = 0, total = null, total_stamp = null, items = 0, items_failed = 0,
    ending = null, ending_stamp = null, ending_sequence = null, ending_code = null,
    ending_message = null, settle_at = null, deadline_at = null, code = null, message = null,
    completion_format = null, completion_hash = null
where key = any ($1::uuid[])
