-- Why: an expired process with many events is deleted slice by slice, and meanwhile no reader may take
-- it for whole. And one record that can't be sealed or deleted must not keep the others waiting.

-- Since when rows of it are being deleted: from then on it is gone for every reader but the feed, whose
-- horizon says what is missing.
alter table waybill.process
    add column deleting_at timestamptz,
    add constraint deleting_is_ended check (deleting_at is null or ended_at is not null) not valid,
    -- the format of its completion's body and that body's SHA-256: it can be sent again as long as the
    -- record gives the same bytes
    add column completion_format smallint,
    add column completion_hash   bytea;

-- Processes that the janitor can't seal, expire pushes of, or delete: it skips them until `retry_at`.
create table waybill.quarantine (
    process  uuid not null,
    what     text not null check (what in ('seal', 'park', 'delete')),
    reason   text not null,
    at       timestamptz not null default now(),
    attempts integer not null default 1 check (attempts >= 1),
    retry_at timestamptz not null,
    primary key (process, what)
);
