-- Why: orders walk a workflow, and each keeps the version it opened with; so versions are added and
-- never changed.

create table waybill.workflow (
    name       text not null,
    version    integer not null,
    -- the file as it was applied; only what passed every check gets here
    source     text not null,
    created_at timestamptz not null default now(),
    primary key (name, version),
    constraint name_fits_routing_key check (name ~ '^[A-Za-z0-9_-]{1,100}$'),
    constraint versions_start_at_one check (version >= 1),
    constraint source_is_bounded check (octet_length(source) <= 1048576)
);
