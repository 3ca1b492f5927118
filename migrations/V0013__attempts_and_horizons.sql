-- Why: a token may be opened again after its process was deleted, as the next attempt; what belongs
-- to an earlier attempt must be recognised for as long as its tombstone is kept. And one tenant's
-- retention must not make the cursors of other tenants invalid.

-- Not valid: looking at every row there would keep all writers waiting, and each has the default.
alter table waybill.process
    add column attempt integer not null default 1,
    add constraint attempts_count_from_one check (attempt >= 1) not valid;

alter table waybill.tombstone
    -- the attempt that was deleted, and when it ended
    add column attempt  integer not null default 1,
    add constraint attempts_count_from_one check (attempt >= 1) not valid,
    add column ended_at timestamptz,
    -- of each accepted opening event the first 16 bytes of sha256(source || E'\n' || id)
    add column openings bytea[] not null default '{}';

-- Of each tenant the place of the newest event that retention has deleted. `feed_horizon` keeps what
-- was deleted before this table was there; a tenant's log is whole after the later one of the two.
create table waybill.tenant_horizon (
    tenant text primary key,
    epoch  smallint not null,
    tx     xid8 not null,
    pos    integer not null
);
