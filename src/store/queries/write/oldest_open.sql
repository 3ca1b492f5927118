-- When the oldest open process of each kind was created; one index look-up per kind.
select k.kind, (select min(created_at) from waybill.process p where p.kind = k.kind and p.ended_at is null)
from unnest(array['upload', 'order']) as k (kind)
