-- Every stop of these orders, each stage's in the order of their numbers.
select process, data_id, stage, number, entered_at, due_at, left_at, outcome, seen_at, left_seen_at
from waybill.stage
where process = any ($1::uuid[])
order by process, stage, number
