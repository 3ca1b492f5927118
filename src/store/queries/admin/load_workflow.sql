-- One version of a workflow, or its newest.
select w.name, w.version, w.source, w.created_at
from waybill.workflow w
where w.name = $1 and ($2::integer is null or w.version = $2)
order by w.version desc
limit 1
