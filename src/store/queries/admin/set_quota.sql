-- Sets all limits of a tenant; null is none.
insert into waybill.quota (tenant, open_processes, events_per_second, stored_bytes, streams)
values ($1, $2, $3, $4, $5)
on conflict (tenant) do update
    set open_processes    = excluded.open_processes,
        events_per_second = excluded.events_per_second,
        stored_bytes      = excluded.stored_bytes,
        streams           = excluded.streams,
        changed_at        = now()
returning tenant
