-- The items of one process, those that failed first.
select identifier, ok, messages, document_id, data
from waybill.item
where process = $1
order by ok, identifier collate "C"
limit $2
