-- Valid sessions of the tenant $1, or of all, the newest first. What is shown of a hash is too short to
-- be of use for finding its code.
select encode(substring(s.hash for 8), 'hex'), s.key, coalesce(k.tenant, 'default'), s.purpose, s.origin,
       s.created_at, least(s.expires_at, s.ends_at), s.ends_at
from waybill.session s
left join waybill.api_key k on k.id = s.key
where s.expires_at > now() and s.ends_at > now()
  and case when s.key = '' then not exists (select from waybill.api_key)
           else k.id is not null and k.revoked_at is null and coalesce(k.expires_at > now(), true)
      end
  and ($1::text is null or coalesce(k.tenant, 'default') = $1)
order by s.created_at desc, s.hash
limit $2
