-- Deletes old tombstones, at most $2, the oldest first.
with old as (
    select key from waybill.tombstone
    where forgotten_at < now() - make_interval(secs => $1)
    order by forgotten_at
    limit $2
    for update skip locked
)
delete from waybill.tombstone t using old where t.key = old.key
