-- Records an act.
insert into waybill.audit (actor_kind, actor, origin, action, object, tenant, reason)
values ($1, $2, $3, $4, $5, $6, $7)
