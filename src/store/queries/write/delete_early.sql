-- Forgets what was kept of events until the kind of their process was decided; pushes wait on.
delete from waybill.parked where process = any ($1::uuid[]) and type <> 'order.pushed'
