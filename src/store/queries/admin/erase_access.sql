-- Revokes the keys of a tenant without their names, and deletes its sessions and rules.
with keys as (
    update waybill.api_key set revoked_at = coalesce(revoked_at, now()), name = ''
    where tenant = $1
    returning id
),
sessions as (
    delete from waybill.session s using keys k where s.key = k.id returning s.hash
),
rules as (delete from waybill.producer where tenant = $1 returning broker_user)
select (select count(*) from keys), (select count(*) from sessions), (select count(*) from rules)
