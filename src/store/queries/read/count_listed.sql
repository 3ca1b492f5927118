-- The number of a tenant's newest $4 processes that pass the filter of a list, and the place of the
-- $5th: a list that continues there has skipped $5.
with passed as materialized (
    select s.at, s.key, row_number() over (order by s.at desc, s.key desc) as number
    from (
        select p.*, p.created_at as at
        from waybill.process p
        where p.tenant = $1
          and (p.created_at, p.key) < (coalesce($2, 'infinity'::timestamptz),
                                       coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
        order by p.created_at desc, p.key desc
        limit $4::bigint
    ) s
    where s.deleting_at is null
      and ($6::text is null or s.kind = $6)
      and ($7::text[] is null or s.status = any ($7))
      and ($8::text is null or s.workflow = $8)
      and ($9::text is null or s.group_name = $9)
      and ($10::text is null or s.module = $10)
      and ($11::text is null or s.source = $11)
      and ($12::text is null or s.filename ilike $12)
      and ($13::timestamptz is null or s.opened_at >= $13)
      and ($14::timestamptz is null or s.opened_at < $14)
      and ($15::timestamptz is null or s.ended_at >= $15)
      and ($16::timestamptz is null or s.ended_at < $16)
      and ($17::text is null
           or (select true from waybill.stage t
               where t.process = s.key and t.left_at is null and t.stage = $17 limit 1))
)
select (select count(*) from passed), n.at, n.key
from (values (1)) one
left join passed n on n.number = $5::bigint
