-- Begins the next epoch if the tables have come to another cluster, and says which it is.
insert into waybill.epoch (number, system_identifier)
select coalesce((select max(number) from waybill.epoch), 0) + 1, c.system_identifier
from pg_control_system() c
where c.system_identifier is distinct from
      (select system_identifier from waybill.epoch order by number desc limit 1)
returning number
