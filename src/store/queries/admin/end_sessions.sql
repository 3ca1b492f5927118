-- Deletes sessions: the one with the id $1, those of the key $2, those of the tenant $3, each of which may
-- be null; never the one with the hash $4. Returns the tenant of each.
delete from waybill.session s
where ($1::text is null or encode(substring(s.hash for 8), 'hex') = $1)
  and ($2::text is null or s.key = $2)
  and ($3::text is null
       or coalesce((select k.tenant from waybill.api_key k where k.id = s.key), 'default') = $3)
  and s.hash is distinct from $4::bytea
returning coalesce((select k.tenant from waybill.api_key k where k.id = s.key), 'default')
