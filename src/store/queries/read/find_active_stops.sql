-- The current stops of the tenant's order with this number on this workflow; of several with the
-- same number the oldest counts. The inner query sorts by key, because a plan that sorts by age
-- reads all rows of the tenant.
select s.data_id, s.stage
from waybill.stage s
where s.left_at is null
  and s.process = (
      select found.key
      from (
          select p.key, p.created_at
          from waybill.process p
          where p.key between $3 and $4 and p.tenant = $1 and p.workflow = $2
          order by p.key
          limit 10
      ) found
      order by found.created_at
      limit 1
  )
order by s.entered_at, s.stage collate "C", s.number
