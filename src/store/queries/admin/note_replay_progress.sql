-- Deletes confirmed dead letters and notes the progress of a replay. A dead letter is counted as
-- confirmed where it is deleted, so once, whichever instance published it; all else is noted only
-- with a valid claim. Returns whether the claim is valid and whether a stop was requested.
with gone as (
    delete from waybill.dead_letter where id = any ($3::uuid[]) returning reason
),
counted as (
    insert into waybill.tally (name, label, shard, value)
    select 'dead_letters', reason, 0, -count(*) from gone group by reason order by reason
    on conflict (name, label, shard) do update set value = tally.value + excluded.value
)
update waybill.replay r
set confirmed = r.confirmed + (select count(*) from gone),
    (nacked, unroutable, damaged, foreseen, at_received_at, at_letter, trouble, claimed_until) = (
        select case when is_valid then r.nacked + $4::bigint else r.nacked end,
               case when is_valid then r.unroutable + $5::bigint else r.unroutable end,
               case when is_valid then r.damaged + $6::bigint else r.damaged end,
               case when is_valid then $7::text::jsonb else r.foreseen end,
               case when is_valid then $8::timestamptz else r.at_received_at end,
               case when is_valid then $9::uuid else r.at_letter end,
               case when is_valid then null else r.trouble end,
               case when is_valid then now() + make_interval(secs => $10::float8)
                    else r.claimed_until end
        from (select r.claimed_by is not distinct from $2::uuid and r.ended_at is null as is_valid) c
    )
where r.id = $1
returning r.claimed_by is not distinct from $2::uuid and r.ended_at is null,
          r.stop_asked_at is not null
