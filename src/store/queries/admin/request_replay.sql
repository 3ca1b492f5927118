-- Asks for a replay of the dead letters that are there now, if there are any and not too many replays
-- are under way; and forgets those of the tenant that ended before its newest $9.
with meant as (
    -- Only the branch that is meant is carried out, each by its index.
    select case
        when $3::uuid is not null then
            (select count(*) from waybill.dead_letter d
             where d.id = $3 and coalesce(d.tenant, 'default') = $2)
        when $4::text is not null then
            (select count(*) from waybill.dead_letter d
             where coalesce(d.tenant, 'default') = $2 and d.reason = $4)
        else
            (select count(*) from waybill.dead_letter d
             where coalesce(d.tenant, 'default') = $2)
    end as letters
),
newest as (
    select received_at, id from waybill.dead_letter order by received_at desc, id desc limit 1
),
under_way as (
    select count(*) as replays from waybill.replay where tenant = $2 and ended_at is null
),
surplus as (
    select id from waybill.replay
    where tenant = $2
    order by asked_at desc, id desc
    offset $9::bigint - 1
    limit 1000
),
gone as (
    delete from waybill.replay
    where id in (select id from surplus) and ended_at is not null
),
asked as (
    insert into waybill.replay (id, tenant, letter, reason, rate, dry_run, asked_by,
                                letters, end_received_at, end_letter)
    select $1, $2, $3, $4, $5::integer, $6, $7, meant.letters, newest.received_at, newest.id
    from meant, newest, under_way
    where meant.letters > 0 and under_way.replays < $8::bigint
    returning id
)
select meant.letters, exists (select from asked) from meant
