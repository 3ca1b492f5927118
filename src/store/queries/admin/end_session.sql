-- Deletes a session when its client logs out.
delete from waybill.session where hash = $1
