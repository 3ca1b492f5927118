-- Forgets the dead letters that were confirmed and notes how far a replay has come. A dead letter is counted
-- where it is forgotten, so once, whoever has published it; all else is noted only by whom the
-- replay belongs to. Says whether it does, and whether it is to stop.
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
        select case when held then r.nacked + $4::bigint else r.nacked end,
               case when held then r.unroutable + $5::bigint else r.unroutable end,
               case when held then r.damaged + $6::bigint else r.damaged end,
               case when held then $7::text::jsonb else r.foreseen end,
               case when held then $8::timestamptz else r.at_received_at end,
               case when held then $9::uuid else r.at_letter end,
               case when held then null else r.trouble end,
               case when held then now() + make_interval(secs => $10::float8)
                    else r.claimed_until end
        from (select r.claimed_by is not distinct from $2::uuid and r.ended_at is null as held) h
    )
where r.id = $1
returning r.claimed_by is not distinct from $2::uuid and r.ended_at is null,
          r.stop_asked_at is not null
