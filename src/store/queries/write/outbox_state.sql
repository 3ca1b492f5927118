-- The number of messages on the normal lane, which is bounded, and when the oldest was inserted.
select count(*), min(created_at) from waybill.outbox where slow is null
