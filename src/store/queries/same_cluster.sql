-- Whether the newest epoch began on this cluster: a restored dump lives on another one.
select system_identifier = (select system_identifier from pg_control_system())
from waybill.epoch
order by number desc
limit 1
