-- Deletes at most $2 events of locked processes, first those after ($5, $6) of process $4, where
-- the last slice stopped: from the start, each slice would scan all rows deleted before it. The
-- horizon of each tenant rises in the same transaction, so that readers of the log notice the
-- deletion. With $3, a tombstone keeps what must be recognised later: the first slice replaces that
-- of an earlier attempt, and each slice adds its openings. Those of an erased process are hashed under
-- its token. Returns the last row if there may be more.
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
openings as (
    select key, array_agg(opening order by opening) filter (where opening is not null) as openings
    from (
        select unnest($1::uuid[]) as key, null::bytea as opening
        where $3
        union all
        select g.process,
               case when k.key is null then i.hash
                    else substring(sha256(convert_to(p.token || E'\n', 'UTF8') || i.hash) from 1 for 16)
               end
        from gone g
        cross join lateral (
            select substring(sha256(convert_to(g.source || E'\n' || g.id, 'UTF8')) from 1 for 16) as hash
        ) i
        join waybill.process p on p.key = g.process
        left join waybill.tombstone k
               on k.key = p.key and k.attempt = p.attempt and k.erased_at is not null
        where $3 and g.type in ('upload.received', 'order.opened') and not g.late
    ) each
    group by key
),
tombstones as (
    insert into waybill.tombstone (key, attempt, ended_at, erased_at, openings)
    select p.key, p.attempt, case when k.erased_at is null then p.ended_at end, k.erased_at,
           case when k.key is null and coalesce(cardinality(t.openings), 0) <= 1
                then coalesce(t.openings, '{}')
                else array(select distinct o
                           from unnest(coalesce(k.openings, '{}') || t.openings) o
                           order by o limit 100)
           end
    from openings t
    join waybill.process p on p.key = t.key
    left join waybill.tombstone k on k.key = p.key and p.deleting_at is not null
    where p.deleting_at is null or t.openings is not null
    on conflict (key) do update
    set forgotten_at = excluded.forgotten_at, attempt = excluded.attempt,
        ended_at = excluded.ended_at, erased_at = excluded.erased_at, openings = excluded.openings
)
select process, source, id from due offset $2 - 1 limit 1
