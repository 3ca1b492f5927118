-- The stored outcomes of the items that a batch mentions.
select i.process, i.identifier, i.ok, i.stamp
from unnest($1::uuid[], $2::text[]) as t (process, identifier)
join waybill.item i on i.process = t.process and i.identifier = t.identifier
