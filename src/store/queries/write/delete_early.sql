-- Deletes the parked events of processes whose kind is decided now; pushes stay parked.
delete from waybill.parked where process = any ($1::uuid[]) and type <> 'order.pushed'
