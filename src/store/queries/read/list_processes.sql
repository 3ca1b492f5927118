-- A tenant's processes by one of their times, the newest first, below a place; a group or a range
-- of times bounds the index scan. `list_statement` replaces {at} by the column and removes the
-- lines of other lists. At most $4 are scanned; of those that pass the filter the first $5 are
-- returned. If fewer pass, `far` is the last one that was scanned, unless the list ended before.
with page as materialized (
    select s.at, s.key, s.tenant, s.token, s.kind, s.status, s.progress_done, s.total,
           s.items, s.items_failed, s.opened_at, s.ended_at, s.created_at,
           s.workflow, s.group_name, s.module, s.source, s.filename, s.code, s.message, s.sealed_at
    from (
        select p.*, p.{at} as at
        from waybill.process p
        where p.tenant = $1
          and p.group_name = $9 -- only of a group
          and (p.{at}, p.key) < (coalesce($2, 'infinity'::timestamptz),
                                 coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
          and p.opened_at >= coalesce($13, '-infinity'::timestamptz) -- only by opened_at
          and p.ended_at >= coalesce($15, '-infinity'::timestamptz) -- only by ended_at
        order by p.{at} desc, p.key desc
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
      -- not `exists`, which may be planned as a scan of all tenants' stages
      and ($17::text is null
           or (select true from waybill.stage t
               where t.process = s.key and t.left_at is null and t.stage = $17 limit 1))
    limit $5::bigint
),
far as materialized (
    select p.{at} as at, p.key
    from waybill.process p
    where (select count(*) from page) < $5
      and p.tenant = $1
      and p.group_name = $9 -- only of a group
      and (p.{at}, p.key) < (coalesce($2, 'infinity'::timestamptz),
                             coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
      and p.opened_at >= coalesce($13, '-infinity'::timestamptz) -- only by opened_at
      and p.ended_at >= coalesce($15, '-infinity'::timestamptz) -- only by ended_at
    order by p.{at} desc, p.key desc
    offset $4 - 1
    limit 1
)
select k.*, f.at, f.key
from (values (1)) one
left join far f on true
left join page k on true
order by k.at desc, k.key desc
