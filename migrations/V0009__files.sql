-- Why: what clients upload is kept outside of the database; here stands what there is, written
-- before the contents are, so that nothing is ever kept that nobody knows of.

create table waybill.file (
    process    uuid not null,
    id         uuid not null,
    name       text not null,
    media_type text not null,
    -- once the contents are whole
    size       bigint check (size >= 0),
    sha256     text,
    created_at timestamptz not null default now(),
    -- when to look whether it is to be removed: nobody took it over, or its process is forgotten
    due_at     timestamptz,
    primary key (process, id),
    constraint whole_or_not check ((size is null) = (sha256 is null))
);

create index file_due on waybill.file (due_at) where due_at is not null;
