-- The number of dead letters that came back from a replay, by reason. On any other exchange a producer
-- could claim to be a replay; on this one the mark is nowhere else in the headers.
select d.reason, count(*)
from waybill.dead_letter d
where d.headers like '%"x-waybill-replay":"%'
  and substring(d.headers from '"x-waybill-replay":"([0-9a-f-]{36})"') = $1
  and d.exchange = 'waybill.internal.events'
  and coalesce(d.tenant, '') = $2
group by d.reason
order by count(*) desc, d.reason
