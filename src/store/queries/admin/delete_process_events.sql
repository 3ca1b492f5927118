-- Deletes at most $2 events of processes that are locked, first what follows $5 and $6 of process $4,
-- where the last slice has stopped: looking for them from the start, each slice would have to pass by
-- all that was deleted before it. The horizon of each tenant rises in the same transaction, so that no
-- reader of the log takes what is gone for never written. Where $3 says so, a tombstone keeps what must
-- be recognised later: it replaces that of an earlier attempt with the first slice, and collects the
-- openings with each. If it has stopped again, it says where.
with due as materialized (
    (select ctid, process, source, id from waybill.event
     where process = $4::uuid and (source, id) > ($5::text, $6::text)
     order by source, id
     limit $2)
    union all
    (select ctid, process, source, id from waybill.event
     where process = any ($1::uuid[]) and process is distinct from $4::uuid
     order by process, source, id
     limit $2)
    limit $2
),
gone as (
    delete from waybill.event where ctid = any (array(select ctid from due))
    returning process, source, id, type, late, epoch, tx, pos
),
newest as (
    select distinct on (process) process, epoch, tx, pos
    from gone
    order by process, epoch desc, tx desc, pos desc
),
horizon as (
    insert into waybill.tenant_horizon as h (tenant, epoch, tx, pos)
    select distinct on (p.tenant) p.tenant, n.epoch, n.tx, n.pos
    from newest n join waybill.process p on p.key = n.process
    order by p.tenant, n.epoch desc, n.tx desc, n.pos desc
    on conflict (tenant) do update set epoch = excluded.epoch, tx = excluded.tx, pos = excluded.pos
    where (excluded.epoch, excluded.tx, excluded.pos) > (h.epoch, h.tx, h.pos)
),
taken as (
    select key, array_agg(opening order by opening) filter (where opening is not null) as openings
    from (
        select unnest($1::uuid[]) as key, null::bytea as opening
        where $3
        union all
        select process, substring(sha256(convert_to(source || E'\n' || id, 'UTF8')) from 1 for 16)
        from gone
        where $3 and type in ('upload.received', 'order.opened') and not late
    ) each
    group by key
),
tombstones as (
    insert into waybill.tombstone (key, attempt, ended_at, openings)
    select p.key, p.attempt, p.ended_at,
           case when k.key is null and coalesce(cardinality(t.openings), 0) <= 1
                then coalesce(t.openings, '{}')
                else array(select distinct o
                           from unnest(coalesce(k.openings, '{}') || t.openings) o
                           order by o limit 100)
           end
    from taken t
    join waybill.process p on p.key = t.key
    left join waybill.tombstone k on k.key = p.key and p.deleting_at is not null
    where p.deleting_at is null or t.openings is not null
    on conflict (key) do update
    set forgotten_at = excluded.forgotten_at, attempt = excluded.attempt,
        ended_at = excluded.ended_at, openings = excluded.openings
)
select process, source, id from due offset $2 - 1 limit 1
