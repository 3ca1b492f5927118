-- Makes messages due whose connection closed before the broker confirmed them: a sweeper claims
-- them.
update waybill.outbox o
set next_attempt_at = now()
from unnest($1::uuid[], $2::uuid[], $3::text[]) as n (process, id, what)
where o.process = n.process and o.id = n.id and o.what = n.what
