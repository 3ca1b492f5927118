-- What is kept of one order beside its record, and how much hangs on it.
select p.workflow_version, p.form, p.attachments,
       (select count(*) from waybill.stage s where s.process = p.key),
       (select count(*) from waybill.parked k where k.process = p.key)
from waybill.process p
where p.key = $1
