-- The counts over all shards.
select name, label, sum(value)::bigint from waybill.tally group by name, label
