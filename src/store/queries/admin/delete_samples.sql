-- Deletes samples that are older than any chart, at most $2, the oldest first.
with old as (
    select instance, number from waybill.sample
    where at < now() - make_interval(secs => $1)
    order by at
    limit $2
    for update skip locked
)
delete from waybill.sample s using old where s.instance = old.instance and s.number = old.number
