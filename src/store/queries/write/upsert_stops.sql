-- Upserts stops that were entered or left.
insert into waybill.stage (process, data_id, stage, number, entered_at, due_at, left_at, outcome,
                           seen_at, left_seen_at)
select *
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::timestamptz[],
            $6::timestamptz[], $7::timestamptz[], $8::text[], $9::timestamptz[],
            $10::timestamptz[])
on conflict (process, data_id) do update
set entered_at = excluded.entered_at, left_at = excluded.left_at,
    left_seen_at = excluded.left_seen_at, outcome = excluded.outcome
