-- Why: what a message says of its tenant is not enough. A tenant has exchanges of its own, whose permissions
-- say who acts for it; on the shared exchange, a rule allows a broker user to publish for a tenant.
create table waybill.tenant (
    name        text primary key check (name <> '' and octet_length(name) <= 200),
    created_at  timestamptz not null default now()
);

create table waybill.producer (
    broker_user text not null check (broker_user <> ''),
    -- '*' is every tenant
    tenant      text not null check (tenant <> '' and octet_length(tenant) <= 200),
    -- a pattern may end with '*'
    sources     text[] not null,
    types       text[] not null,
    created_at  timestamptz not null default now(),
    primary key (broker_user, tenant)
);

-- A dead letter of no known tenant is nobody's but the operators'; before, it was the tenant `default`'s.
drop index waybill.dead_letter_group;
create index dead_letter_group on waybill.dead_letter
    (coalesce(tenant, ''), reason, received_at, id);
