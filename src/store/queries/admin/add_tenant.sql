-- Adds a tenant; one that is there already stays as it is.
insert into waybill.tenant (name)
values ($1)
on conflict (name) do nothing
returning name
