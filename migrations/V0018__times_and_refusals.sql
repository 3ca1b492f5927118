-- Why: when an order came to a stage and left it follows from its events; what was seen at an earlier
-- moment follows from when that became known. And an event that was refused after it had been logged
-- stays in the log, for readers who have seen it and for those who have not.

-- In the order in which workers lock the tables.
alter table waybill.event
    -- the reason of the dead letter that it became
    add column refused text;

alter table waybill.stage
    -- when it became known that it was entered and left; null for what versions before wrote
    add column seen_at      timestamptz,
    add column left_seen_at timestamptz;
