-- Every workflow with its newest version and the number of versions; there are few.
select distinct on (w.name) w.name, w.version, w.created_at,
       count(*) over (partition by w.name)
from waybill.workflow w
order by w.name, w.version desc
