-- Adds this transaction's changes to the counts; in key order, last before the commit.
insert into waybill.tally (name, label, shard, value)
select n.name, n.label, $4, n.change
from unnest($1::text[], $2::text[], $3::bigint[]) as n (name, label, change)
order by n.name, n.label
on conflict (name, label, shard) do update set value = tally.value + excluded.value
