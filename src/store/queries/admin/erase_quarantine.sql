-- Releases erased processes: the reason may repeat their data.
delete from waybill.quarantine where process = any ($1::uuid[])
