-- Updates records that opened, ended, or wait for their end. Arrays of nullable columns may contain
-- nulls.
update waybill.process p
set status = n.status, kind = n.kind,
    opened_at = n.opened_at, opening_stamp = n.opening_stamp, source = n.source,
    filename = n.filename, module = n.module, workflow = n.workflow, group_name = n.group_name,
    attributes = n.attributes, reply_to = n.reply_to,
    traceparent = n.traceparent, tracestate = n.tracestate,
    progress_done = n.progress_done, total = n.total, total_stamp = n.total_stamp,
    items = n.items, items_failed = n.items_failed,
    ending = n.ending, ending_stamp = n.ending_stamp, ending_sequence = n.ending_sequence,
    ending_code = n.ending_code, ending_message = n.ending_message,
    settle_at = n.settle_at, deadline_at = n.deadline_at,
    ended_at = n.ended_at, code = n.code, message = n.message,
    sealed_at = case when n.ended_at is not null then now() end,
    completion_format = case when n.completion_hash is not null then $30::smallint end,
    completion_hash = n.completion_hash
from unnest(
    $1::uuid[], $2::text[],
    $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::text[],
    $14::bigint[], $15::bigint[], $16::text[], $17::bigint[], $18::bigint[],
    $19::text[], $20::text[], $21::bigint[], $22::text[], $23::text[], $24::timestamptz[], $25::timestamptz[],
    $26::timestamptz[], $27::text[], $28::text[], $29::bytea[], $31::text[]
) as n (
    key, status,
    opened_at, opening_stamp, source, filename, module, workflow, group_name,
    attributes, reply_to, traceparent, tracestate,
    progress_done, total, total_stamp, items, items_failed,
    ending, ending_stamp, ending_sequence, ending_code, ending_message, settle_at, deadline_at,
    ended_at, code, message, completion_hash, kind
)
where p.key = n.key
