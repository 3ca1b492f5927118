-- From now on these are gone for their readers: what is left of them is not whole.
update waybill.process set deleting_at = now() where key = any ($1::uuid[]) and deleting_at is null
