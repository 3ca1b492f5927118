-- The parked pushes of orders with their data, of each order at most $2, the oldest first.
select w.process, k.source, k.event_id, k.parked_at, k.data
from unnest($1::uuid[]) with ordinality as w (process, place),
     lateral (
        select k.source, k.event_id, k.parked_at, e.data
        from waybill.parked k
        join waybill.event e
          on e.process = k.process and e.source = k.source and e.id = k.event_id
        where k.process = w.process and k.type = 'order.pushed'
        order by k.parked_at, k.source collate "C", k.event_id collate "C"
        limit $2::bigint
     ) k
order by w.place, k.parked_at, k.source collate "C", k.event_id collate "C"
