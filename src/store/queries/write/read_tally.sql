-- The counts over all shards, and of what is set aside, which are few.
select name, label, sum(value)::bigint from waybill.tally group by name, label
union all
select 'quarantined', '', count(distinct process) from waybill.quarantine
