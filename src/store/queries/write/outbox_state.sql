-- How much of the normal lane is still to be published, and since when; it is bounded by the limit.
select count(*), min(created_at) from waybill.outbox where slow is null
