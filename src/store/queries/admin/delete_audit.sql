-- Deletes some acts older than $1 seconds.
delete from waybill.audit
where id in (
    select id from waybill.audit
    where at < now() - make_interval(secs => $1::float8)
    order by at, id
    limit $2
)
