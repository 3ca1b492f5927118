-- Marks processes as being deleted: readers see them as gone, since they are no longer complete.
update waybill.process set deleting_at = now() where key = any ($1::uuid[]) and deleting_at is null
