-- Why: a message that can't be delivered must not delay the others. It leaves the normal lane and is
-- tried at long intervals on a connection of its own; until then it costs no look-up of the others.

alter table waybill.outbox
    -- a stuck completion keeps none: it is made from the record again
    alter column payload drop not null,
    -- why it is on the slow lane; null on the normal one
    add column slow   text check (slow in ('timeout', 'nacked', 'unroutable', 'denied', 'waiting',
                                           'refused', 'unconfirmed', 'resend')),
    -- what the broker said, for people
    add column detail text;

drop index waybill.outbox_due;
create index outbox_due on waybill.outbox (next_attempt_at) where slow is null;
-- Their destination is at fault; those behind them wait without being tried.
create index outbox_failing on waybill.outbox (exchange, routing_key, next_attempt_at)
    where slow in ('timeout', 'nacked', 'unroutable', 'denied');
create index outbox_waiting on waybill.outbox (exchange, routing_key) where slow = 'waiting';
-- Published one by one: the message itself was refused, or was on its way when another one was.
create index outbox_single on waybill.outbox (next_attempt_at)
    where slow in ('refused', 'unconfirmed', 'resend');
