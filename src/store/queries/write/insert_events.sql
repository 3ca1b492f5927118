-- Logs and deduplicates: returns the new events. Events that are late or of another kind than their
-- process are corrected afterwards, which is rare: a join here would slow down every event. The
-- epoch of this server began at the latest in this transaction.
insert into waybill.event (process, source, id, type, time, sequence, data, late, epoch, pos)
select e.process, e.source, e.id, e.type, e.time, e.sequence, e.data, false,
       (select max(number) from waybill.epoch), e.pos
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[],
            $5::timestamptz[], $6::bigint[], $7::text[]) with ordinality
     as e (process, source, id, type, time, sequence, data, pos)
on conflict do nothing
returning pos
