-- Inserts a replay of the selected dead letters, if there are any and not too many replays are
-- unfinished; and deletes the tenant's ended replays beyond its newest $9.
with selected as (
    -- Only the matching branch is executed, each by its index.
    select case
        when $3::uuid is not null then
            (select count(*) from waybill.dead_letter d
             where d.id = $3 and coalesce(d.tenant, '') = $2)
        when $4::text is not null then
            (select count(*) from waybill.dead_letter d
             where coalesce(d.tenant, '') = $2 and d.reason = $4)
        else
            (select count(*) from waybill.dead_letter d
             where coalesce(d.tenant, '') = $2)
    end as dead_letters
),
newest as (
    select received_at, id from waybill.dead_letter order by received_at desc, id desc limit 1
),
unfinished as (
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
requested as (
    insert into waybill.replay (id, tenant, letter, reason, rate, dry_run, asked_by,
                                letters, end_received_at, end_letter)
    select $1, $2, $3, $4, $5::integer, $6, $7, selected.dead_letters, newest.received_at, newest.id
    from selected, newest, unfinished
    where selected.dead_letters > 0 and unfinished.replays < $8::bigint
    returning id
)
select selected.dead_letters, exists (select from requested) from selected
