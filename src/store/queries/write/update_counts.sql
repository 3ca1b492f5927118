-- Updates the counts of records of which nothing else changed: most of them, so few columns.
update waybill.process p
set progress_done = n.progress_done, total = n.total, total_stamp = n.total_stamp,
    items = n.items, items_failed = n.items_failed
from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[])
     as n (key, progress_done, total, total_stamp, items, items_failed)
where p.key = n.key
