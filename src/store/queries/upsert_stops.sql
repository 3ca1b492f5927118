-- Writes stops that were entered or left.
insert into waybill.stage (process, data_id, stage, number, entered_at, due_at, left_at, outcome)
select *
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::timestamptz[],
            $6::timestamptz[], $7::timestamptz[], $8::text[])
on conflict (process, data_id) do update
set left_at = excluded.left_at, outcome = excluded.outcome
