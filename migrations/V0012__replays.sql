-- Why: dead letters are replayed from a page that any process answers, while one process does it,
-- and whatever becomes of that process the replay goes on and anybody can show and stop it.

-- A letter belongs to the tenant it names; one that names none to `default`, as its event would.
create index dead_letter_group on waybill.dead_letter
    (coalesce(tenant, 'default'), reason, received_at, id);
-- Letters of messages that a replay had published: the replay is named by a header.
create index dead_letter_replayed on waybill.dead_letter
    (substring(headers from '"x-waybill-replay":"([0-9a-f-]{36})"'), reason)
    where headers like '%"x-waybill-replay":"%';

create table waybill.replay (
    id              uuid primary key,
    tenant          text not null,
    -- what is meant: one letter, those of a reason, or all of the tenant
    letter          uuid,
    reason          text,
    -- letters a second; without one as fast as the broker confirms
    rate            integer check (rate between 1 and 10000),
    -- only says what would become of them
    dry_run         boolean not null,
    -- the id of a key; empty where no key was ever made
    asked_by        text not null,
    asked_at        timestamptz not null default now(),
    -- how many letters there were then, and where they ended
    letters         bigint not null check (letters > 0),
    end_received_at timestamptz not null,
    end_letter      uuid not null,

    begun_at        timestamptz,
    -- the newest letter that was looked at
    at_received_at  timestamptz,
    at_letter       uuid,
    confirmed       bigint not null default 0 check (confirmed >= 0),
    nacked          bigint not null default 0 check (nacked >= 0),
    unroutable      bigint not null default 0 check (unroutable >= 0),
    damaged         bigint not null default 0 check (damaged >= 0),
    -- of a dry run: how many would be applied, refused and for which reason
    foreseen        jsonb not null default '{}' check (jsonb_typeof(foreseen) = 'object'),

    -- why it does not go on at the moment
    trouble         text,
    stop_asked_at   timestamptz,
    ended_at        timestamptz,
    -- who works on it, and until when nobody else does
    claimed_by      uuid,
    claimed_until   timestamptz,

    constraint one_thing_is_meant check (letter is null or reason is null),
    constraint place_is_whole check ((at_received_at is null) = (at_letter is null)),
    constraint place_is_not_behind_the_end
        check ((at_received_at, at_letter) <= (end_received_at, end_letter)),
    constraint dry_run_changes_nothing
        check (not dry_run or confirmed + nacked + unroutable + damaged = 0),
    constraint only_a_dry_run_foresees check (dry_run or foreseen = '{}'),
    constraint ended_had_begun_or_was_stopped
        check (ended_at is null or begun_at is not null or stop_asked_at is not null),
    constraint claim_is_whole check ((claimed_by is null) = (claimed_until is null)),
    constraint ended_is_nobodys check (ended_at is null or claimed_by is null)
) with (fillfactor = 50);

create index replay_open on waybill.replay (tenant, asked_at, id) where ended_at is null;
create index replay_asked on waybill.replay (tenant, asked_at, id);
