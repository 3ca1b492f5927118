-- Why: whoever asks for a process that has ended and was let go shall hear that, and not that nobody
-- ever spoke of it.

create table waybill.tombstone (
    key          uuid primary key,
    forgotten_at timestamptz not null default now()
);

create index tombstone_forgotten on waybill.tombstone (forgotten_at);
