-- Why: a session ends some time after it began, however it is used; it is valid only for what it was created for; and
-- an operator sees from where it began.
alter table waybill.session
    -- where it is valid; null of one that an older version has created, which may be either
    add column purpose text,
    -- the address from which it began
    add column origin  text,
    add column ends_at timestamptz not null default now() + interval '12 hours',
    add constraint purpose_is_known check (purpose in ('pages', 'omflow'));

-- An administrator of a tenant reads its acts alone.
create index audit_tenant on waybill.audit (tenant, at, id);
