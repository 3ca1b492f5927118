-- Makes the files of erased processes due; the janitor removes their objects, then these rows.
update waybill.file set due_at = now() where process = any ($1::uuid[])
