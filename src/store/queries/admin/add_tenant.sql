-- Adds a tenant, or changes whether it has a queue of its own ($2) and its retention ($3 seconds): what is null
-- stays, and a queue that it had may still have events. Returns whether it is new; no row if nothing changes.
insert into waybill.tenant as t (name, queue, keep)
values ($1, case when $2::boolean then 'own' else 'shared' end, make_interval(secs => $3))
on conflict (name) do update
    set queue = case
                    when $2 is null or $2 = (t.queue = 'own') then t.queue
                    when $2 then 'own'
                    else 'former'
                end,
        keep = coalesce(excluded.keep, t.keep)
    where $2 <> (t.queue = 'own') or excluded.keep <> t.keep or (excluded.keep is not null and t.keep is null)
returning xmax = 0
