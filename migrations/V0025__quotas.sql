-- Why: what one tenant may use over HTTP. A tenant without a row, or a null, has no limit.
create table waybill.quota (
    tenant            text primary key check (tenant <> '' and octet_length(tenant) <= 200),
    open_processes    bigint check (open_processes >= 0),
    events_per_second integer check (events_per_second > 0),
    stored_bytes      bigint check (stored_bytes >= 0),
    streams           integer check (streams >= 0),
    changed_at        timestamptz not null default now()
);
