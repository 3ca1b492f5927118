-- Adds a tenant, or changes the retention ($2 seconds) of one that is there; returns whether it is new, and
-- no row if nothing changed.
insert into waybill.tenant as t (name, keep)
values ($1, make_interval(secs => $2))
on conflict (name) do update set keep = excluded.keep
where excluded.keep is not null and excluded.keep is distinct from t.keep
returning xmax = 0
