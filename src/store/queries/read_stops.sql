-- The stops of one order: where it stands first, then what it left, the last one first.
select data_id, stage, number, entered_at, due_at, left_at, outcome
from waybill.stage
where process = $1
order by left_at desc nulls first, entered_at, stage collate "C", number
limit $2
