-- Removes all limits of a tenant.
delete from waybill.quota
where tenant = $1
returning tenant
