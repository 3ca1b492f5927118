-- Since when the oldest open process of each kind is open; one index look-up a kind.
select k.kind, (select min(created_at) from waybill.process p where p.kind = k.kind and p.ended_at is null)
from unnest(array['upload', 'order']) as k (kind)
