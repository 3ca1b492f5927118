-- Where the tenant's order with that number stands, if it walks that workflow; of several with the
-- same number the oldest counts. The order is looked for in the order of keys, because a plan that
-- looks in the order of age reads all that a tenant has.
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
