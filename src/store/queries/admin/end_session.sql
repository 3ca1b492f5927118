-- Whoever logs out needs the code no more.
delete from waybill.session where hash = $1
