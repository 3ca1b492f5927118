-- The stop with this id, if it belongs to a tenant's order on this workflow and has not been left.
select p.token, s.stage, p.workflow_version
from waybill.stage s
join waybill.process p on p.key = s.process
where s.data_id = $3 and s.left_at is null
  and p.tenant = $1 and p.workflow = $2 and p.ended_at is null
