-- Ends a replay; with $3 it has reached the end of its selection.
update waybill.replay
set ended_at = now(), claimed_by = null, claimed_until = null, trouble = null,
    at_received_at = case when $3 then end_received_at else at_received_at end,
    at_letter = case when $3 then end_letter else at_letter end
where id = $1 and claimed_by = $2 and ended_at is null
