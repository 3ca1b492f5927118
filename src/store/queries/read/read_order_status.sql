-- The order columns of records, and the numbers of stops and parked pushes.
select p.key, p.workflow_version, p.form, p.attachments,
       (select count(*) from waybill.stage s where s.process = p.key),
       (select count(*) from waybill.parked k where k.process = p.key and k.type = 'order.pushed')
from waybill.process p
where p.key = any ($1::uuid[])
