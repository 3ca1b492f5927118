-- Why: orders stand at stages of a workflow, and a push may come before its stage is reached.

alter table waybill.process
    -- the version it opened with; 0 without a workflow
    add column workflow_version integer check (workflow_version >= 0),
    -- of each field the value with the greatest stamp: {"field": ["stamp", value]}
    add column form text,
    -- what came with the opening event, JSON
    add column attachments text,
    -- where its workflow has a retention of its own
    add column keep_until timestamptz;

create index process_kept on waybill.process (keep_until) where keep_until is not null;

-- One row for every stop at a stage. Where an order stands are those that were not left.
create table waybill.stage (
    process    uuid not null,
    data_id    uuid not null,
    stage      text not null,
    number     integer not null check (number > 0),
    entered_at timestamptz not null,
    due_at     timestamptz,
    left_at    timestamptz,
    outcome    text,
    primary key (process, data_id)
);

create index stage_due on waybill.stage (due_at) where left_at is null and due_at is not null;

-- Pushes that came before their stop, with all that was received: one that is never reached
-- becomes a dead letter. What they say is in the event log.
create table waybill.parked (
    process     uuid not null,
    source      text not null,
    event_id    text not null,
    id          uuid not null,
    tenant      text,
    token       text,
    type        text,
    exchange    text not null,
    routing_key text not null,
    queue       text not null,
    properties  text not null,
    headers     text not null,
    body        bytea not null,
    parked_at   timestamptz not null default now(),
    primary key (process, source, event_id)
);

create index parked_since on waybill.parked (parked_at);
