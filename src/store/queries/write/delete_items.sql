-- Deletes the items of records that turn out to be of the other kind.
delete from waybill.item where process = any ($1::uuid[])
