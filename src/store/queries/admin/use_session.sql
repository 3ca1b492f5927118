-- The access of a session's key, while both are valid and the session is for the purpose $2; null for a
-- session without a key, which is valid as long as there is no key. A use postpones its expiry, up to
-- its end; that is written at most once in a sixtieth of its lifetime.
with found as (
    select s.hash, s.key, k.tenant, k.scopes
    from waybill.session s
    left join waybill.api_key k on k.id = s.key
    where s.hash = $1 and s.expires_at > now() and s.ends_at > now()
      and coalesce(s.purpose = $2, true)
      and case when s.key = '' then not exists (select from waybill.api_key)
               else k.id is not null and k.revoked_at is null
                    and coalesce(k.expires_at > now(), true)
          end
),
moved as (
    update waybill.session s
    set expires_at = least(s.ends_at, now() + s.lasts * 31 / 30 + interval '2 seconds')
    from found f
    where s.hash = f.hash
      and s.expires_at < least(s.ends_at, now() + s.lasts * 61 / 60 + interval '2 seconds')
)
select key, tenant, scopes from found
