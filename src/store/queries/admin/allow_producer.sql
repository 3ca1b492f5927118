-- Sets the rule of a broker user for a tenant.
insert into waybill.producer (broker_user, tenant, sources, types)
values ($1, $2, $3, $4)
on conflict (broker_user, tenant) do update
    set sources = excluded.sources, types = excluded.types, created_at = excluded.created_at
returning tenant
