-- The items of one process.
select identifier, ok, messages, document_id, data
from waybill.item
where process = $1
order by identifier collate "C"
limit $2
