-- Why: each attempt of an upload writes an object of its own, so that none changes what another one has
-- stored; what was erased must not come back; and a tenant may have a retention of its own.

alter table waybill.file
    -- its object in the file store; null is the file's own id, as versions before wrote it
    add column object uuid,
    -- published events that name it and were not refused, as far as known
    add column named  integer not null default 0,
    add constraint named_is_a_count check (named >= 0) not valid;

alter table waybill.tombstone
    -- the process was erased: its openings are hashes under its token, which is not kept
    add column erased_at timestamptz;

alter table waybill.tenant
    -- what ended is kept no longer than this; null is the general retention
    add column keep interval check (keep > interval '0');
