-- Inserts a key by its hash; creation and expiry are by the same clock.
insert into waybill.api_key (id, name, tenant, scopes, hash, expires_at, created_by)
values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6::float8), $7)
returning expires_at
