-- Deletes a session when its client logs out, and returns the tenant of its key.
delete from waybill.session s
where s.hash = $1
returning (select k.tenant from waybill.api_key k where k.id = s.key)
