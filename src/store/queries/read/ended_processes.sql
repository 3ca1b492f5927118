-- Which of the processes that clients wait for have ended.
select key
from waybill.process
where key = any ($1::uuid[]) and ended_at is not null
