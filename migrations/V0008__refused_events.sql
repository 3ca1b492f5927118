-- Why: whoever sent an event and waits for what becomes of it is told of its refusal too.

create index dead_letter_event on waybill.dead_letter (token, event_id) where token is not null;
