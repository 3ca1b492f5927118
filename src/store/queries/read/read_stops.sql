-- The stops of orders, of each at most $2: the current ones first, then those it left, the last one
-- first.
select w.process, s.data_id, s.stage, s.number, s.entered_at, s.due_at, s.left_at, s.outcome,
       s.seen_at, s.left_seen_at
from unnest($1::uuid[]) with ordinality as w (process, place),
     lateral (
        select s.*
        from waybill.stage s
        where s.process = w.process
        order by s.left_at desc nulls first, s.entered_at, s.stage collate "C", s.number
        limit $2::bigint
     ) s
order by w.place, s.left_at desc nulls first, s.entered_at, s.stage collate "C", s.number
