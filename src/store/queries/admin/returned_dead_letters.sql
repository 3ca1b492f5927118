-- The number of dead letters that came back from a replay, by reason.
select d.reason, count(*)
from waybill.dead_letter d
where d.headers like '%"x-waybill-replay":"%'
  and substring(d.headers from '"x-waybill-replay":"([0-9a-f-]{36})"') = $1
  and coalesce(d.tenant, 'default') = $2
group by d.reason
order by count(*) desc, d.reason
