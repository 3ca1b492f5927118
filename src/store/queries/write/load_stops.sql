-- Every stop of these orders, by stage and number.
select process, data_id, stage, number, entered_at, due_at, left_at, outcome, seen_at, left_seen_at
from waybill.stage
where process = any ($1::uuid[])
order by process, stage, number
