-- Whether a recovery has undone the event at a place: the place lies after the end of its epoch, or
-- has no event and is above every horizon. On a replica the event may just not have arrived yet.
select not pg_is_in_recovery() and (
    exists (
        select from waybill.epoch n
        where n.number > $1::smallint
          and ($1, $2::text::xid8, $3::integer) > (n.after_epoch, n.after_tx, n.after_pos)
    )
    or not exists (
        select from waybill.event e
        where e.epoch = $1 and e.tx = $2::text::xid8 and e.pos = $3
        union all
        select from waybill.tenant_horizon h
        where (h.epoch, h.tx, h.pos) >= ($1, $2::text::xid8, $3)
        union all
        select from waybill.feed_horizon h
        where (h.epoch, h.tx, h.pos) >= ($1, $2::text::xid8, $3)
    )
)
