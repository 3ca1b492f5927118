-- How much is still to be published, and since when; the outbox is bounded by its limit.
select count(*), min(created_at) from waybill.outbox
