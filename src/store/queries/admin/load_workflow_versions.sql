-- Versions of workflows, by their names and numbers.
select w.name, w.version, w.source, w.created_at
from unnest($1::text[], $2::integer[]) as v (name, version)
join waybill.workflow w on w.name = v.name and w.version = v.version
