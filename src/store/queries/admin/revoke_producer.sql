-- Removes the rules of a broker user: for one tenant, or for all.
delete from waybill.producer
where broker_user = $1 and tenant = coalesce($2, tenant)
returning tenant
