-- Releases processes that are no longer affected: deleted, ended, or without parked events.
delete from waybill.quarantine q
where not exists (
    select from waybill.process p
    where p.key = q.process
      and case q.what
          when 'seal' then p.ended_at is null
          when 'park' then exists (select from waybill.parked k where k.process = p.key)
          else p.ended_at is not null or p.opened_at is null
          end
)
