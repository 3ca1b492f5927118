-- Accepts events that were refused after they had been logged and were published again: as new ones
-- at a place of this transaction, so that readers past the old place see them too.
update waybill.event e
set refused = null, late = n.late, tx = pg_current_xact_id(), pos = n.pos, received_at = now(),
    epoch = (select max(number) from waybill.epoch)
from unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::boolean[])
     as n (process, source, id, pos, late)
where e.process = n.process and e.source = n.source and e.id = n.id
