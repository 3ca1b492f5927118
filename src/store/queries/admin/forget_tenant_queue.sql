-- A tenant's former queue was deleted: it need not be consumed from any more.
update waybill.tenant
set queue = 'shared'
where name = $1 and queue = 'former'
