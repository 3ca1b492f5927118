-- Leaves tombstones without data: the hashes of openings that are there are hashed under the token, which
-- is not kept.
insert into waybill.tombstone (key, attempt, forgotten_at, ended_at, erased_at, openings)
select n.key, coalesce(p.attempt, k.attempt, 1), now(), null, now(),
       case when k.key is null or p.attempt <> k.attempt then '{}'
            when k.erased_at is not null then k.openings
            else array(select substring(sha256(convert_to(n.token || E'\n', 'UTF8') || o) from 1 for 16)
                       from unnest(k.openings) o)
       end
from unnest($1::uuid[], $2::text[]) as n (key, token)
left join waybill.process p on p.key = n.key
left join waybill.tombstone k on k.key = n.key
on conflict (key) do update
set attempt = excluded.attempt, forgotten_at = excluded.forgotten_at, ended_at = excluded.ended_at,
    erased_at = excluded.erased_at, openings = excluded.openings
