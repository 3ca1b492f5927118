-- The counts over all shards, and the number of quarantined processes, which are few.
select name, label, sum(value)::bigint from waybill.tally group by name, label
union all
select 'quarantined', '', count(distinct process) from waybill.quarantine
