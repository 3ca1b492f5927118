-- Records an act on each of these objects.
insert into waybill.audit (actor_kind, actor, origin, action, object, tenant, reason)
select $1, $2, $3, $4, o.object, $6, $7
from unnest($5::text[]) with ordinality o (object, number)
order by o.number
