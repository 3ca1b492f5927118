-- Why: whoever asks over HTTP shows a key. What is kept recognises a key and can't be turned back
-- into one.

create table waybill.api_key (
    -- the middle part of the key's text, which is no secret
    id         text primary key,
    -- a person's word for it
    name       text not null,
    tenant     text not null,
    scopes     text[] not null,
    -- SHA-256 of the whole text of the key
    hash       bytea not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    constraint id_is_hex check (id ~ '^[0-9a-f]{12}$'),
    constraint name_is_bounded check (octet_length(name) <= 200),
    constraint tenant_is_bounded check (octet_length(tenant) between 1 and 200),
    constraint scopes_are_known check (scopes <@ array['read', 'write', 'admin']),
    constraint scopes_are_not_empty check (cardinality(scopes) > 0),
    constraint hash_is_sha256 check (octet_length(hash) = 32),
    constraint expires_after_created check (expires_at > created_at)
);
