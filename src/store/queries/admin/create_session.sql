-- Inserts a session by its hash, and deletes expired ones and all but the key's $4 last used ones.
-- It lasts a thirtieth and two seconds longer than $3, because not every use is written, and an
-- instance caches a session for two seconds; but no longer than $6.
with ended as (
    select hash from waybill.session
    where expires_at <= now()
    order by expires_at
    limit 1000
    for update skip locked
),
surplus as (
    select hash from waybill.session
    where key = $2
    order by expires_at desc
    offset $4::bigint - 1
    limit 1000
),
spare as (
    select hash from waybill.session
    where hash in (select hash from surplus)
    for update skip locked
),
gone as (
    delete from waybill.session
    where hash in (select hash from ended union select hash from spare)
)
insert into waybill.session (hash, key, lasts, expires_at, purpose, ends_at, origin)
values ($1, $2, make_interval(secs => $3::float8),
        now() + make_interval(secs => least($3 * 31 / 30 + 2, $6::float8)),
        $5, now() + make_interval(secs => $6), $7)
