-- Which of the processes that somebody waits for have ended.
select key
from waybill.process
where key = any ($1::uuid[]) and ended_at is not null
