-- Why: clients of other systems show their key once and then a code that ends when nobody uses it,
-- on whichever replica they come to; and they name the stop of an order without naming the order.

create table waybill.session (
    -- SHA-256 of its code
    hash       bytea primary key,
    -- the API key it stands for; empty where no key was ever made
    key        text not null,
    -- how long it is good for after its last use
    lasts      interval not null,
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    constraint hash_is_sha256 check (octet_length(hash) = 32),
    constraint key_is_an_id check (key ~ '^([0-9a-f]{12})?$'),
    constraint lasts_some_time check (lasts > interval '0')
);

create index session_key on waybill.session (key, expires_at);
create index session_end on waybill.session (expires_at);

-- Only where orders stand now: a stop that is left leaves it too.
create index stage_active on waybill.stage (data_id) where left_at is null;
