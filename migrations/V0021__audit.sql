-- Why: who did what, when and why, written in the transaction of the act and never changed.
create table waybill.audit (
    id             bigint generated always as identity primary key,
    at             timestamptz not null default now(),
    -- who: an API key, the user of a command line, or the program itself
    actor_kind     text not null check (actor_kind in ('key', 'anonymous', 'command', 'program')),
    actor          text not null,
    -- from where: an address, or the name of a machine
    origin         text not null,
    database_user  text not null default session_user,
    -- what
    action         text not null,
    -- on what
    object         text not null,
    -- whose, if it is of one tenant
    tenant         text,
    -- why, as far as it was said
    reason         text
);
create index audit_time on waybill.audit (at, id);

-- Who made a key, and when it was last used, to the minute.
alter table waybill.api_key
    add column created_by    text,
    add column last_used_at  timestamptz;
