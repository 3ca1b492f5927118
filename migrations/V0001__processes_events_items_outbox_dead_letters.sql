-- Why: one record per process, the log of its events, its items, what is still to be published,
-- and what could not be applied. Every unique key of a process's data contains the process key,
-- so that all of it can be distributed by that key.

create table waybill.process (
    key            uuid primary key,
    tenant         text not null,
    token          text not null,
    kind           text not null check (kind in ('upload', 'order')),
    status         text not null default 'waiting'
                   check (status in ('waiting', 'running', 'done', 'warning', 'error', 'cancelled')),

    -- from the opening event with the smallest stamp
    opened_at      timestamptz,
    opening_stamp  text,
    source         text,
    filename       text,
    module         text,
    workflow       text,
    group_name     text,
    attributes     text,
    reply_to       text,
    traceparent    text,
    tracestate     text,

    -- how far it is
    progress_done  bigint not null default 0 check (progress_done >= 0),
    total          bigint check (total >= 0),
    total_stamp    text,
    items          bigint not null default 0,
    items_failed   bigint not null default 0,

    -- the ending event with the smallest stamp, and until when it waits for what is missing
    ending         text check (ending in ('completed', 'failed', 'cancelled')),
    ending_stamp   text,
    ending_sequence bigint check (ending_sequence >= 0),
    ending_code    text,
    ending_message text,
    settle_at      timestamptz,
    deadline_at    timestamptz,

    -- how it ended
    ended_at       timestamptz,
    code           text,
    message        text,
    unroutable_at  timestamptz,
    created_at     timestamptz not null default now(),
    sealed_at      timestamptz,

    constraint counts_hold check (items_failed between 0 and items),
    constraint opened_or_waiting check ((opening_stamp is null) = (opened_at is null)),
    constraint running_is_opened check (status <> 'running' or opened_at is not null),
    constraint waiting_is_unopened check (status <> 'waiting' or opened_at is null),
    constraint ended_is_final check (
        (ended_at is not null) = (status in ('done', 'warning', 'error', 'cancelled'))
        and (ended_at is null) = (sealed_at is null)
    ),
    constraint total_has_its_stamp check ((total is null) = (total_stamp is null)),
    constraint ending_has_its_stamp check ((ending is null) = (ending_stamp is null))
) with (
    -- the row changes with nearly every event: room for updates on its own page, and early vacuums
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_analyze_scale_factor = 0.1
);

create index process_open on waybill.process (kind, created_at) where ended_at is null;
create index process_due on waybill.process (least(settle_at, deadline_at))
    where ended_at is null and least(settle_at, deadline_at) is not null;
create index process_sealed on waybill.process (sealed_at) where sealed_at is not null;

create table waybill.event (
    process     uuid not null,
    source      text not null,
    id          text not null,
    type        text not null,
    time        timestamptz not null,
    sequence    bigint check (sequence >= 0),
    late        boolean not null,
    -- JSON as received: kept as text, so that the server neither parses nor changes it
    data        text not null,
    received_at timestamptz not null default now(),
    -- the order of commits, for readers that follow changes
    tx          xid8 not null default pg_current_xact_id(),
    pos         bigint generated always as identity,
    primary key (process, source, id)
) with (autovacuum_vacuum_insert_scale_factor = 0.2);

create index event_feed on waybill.event (tx, pos);

create table waybill.item (
    process     uuid not null,
    identifier  text not null,
    ok          boolean not null,
    messages    text[] not null default '{}',
    document_id text,
    data        text,
    -- of the event that said so: the greatest wins
    stamp       text not null,
    primary key (process, identifier)
);

-- The column names that change-data-capture tools expect of an outbox come first.
create table waybill.outbox (
    id              uuid not null,
    aggregatetype   text not null,
    aggregateid     text not null,
    type            text not null,
    payload         text not null,
    process         uuid not null,
    what            text not null check (what in ('completion', 'stage', 'reply')),
    exchange        text not null,
    routing_key     text not null,
    headers         text not null,
    time            timestamptz not null,
    attempts        integer not null default 0,
    created_at      timestamptz not null default now(),
    next_attempt_at timestamptz not null,
    primary key (process, id, what)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

create index outbox_due on waybill.outbox (next_attempt_at);

create table waybill.dead_letter (
    -- computed from all that was received, so that a redelivery is recognised
    id          uuid primary key,
    reason      text not null,
    problem     text not null,
    tenant      text,
    token       text,
    source      text,
    event_id    text,
    type        text,
    exchange    text not null,
    routing_key text not null,
    queue       text not null,
    properties  text not null,
    headers     text not null,
    body        bytea not null,
    received_at timestamptz not null default now()
);

create index dead_letter_received on waybill.dead_letter (received_at, id);

-- Counts of what would be dear to count: changed in the transaction that changes what they count,
-- in shards so that concurrent batches do not wait for each other.
create table waybill.tally (
    name  text not null,
    label text not null,
    shard smallint not null,
    value bigint not null,
    primary key (name, label, shard)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
