-- Single items of processes, with how long their data is. Each row ends with the number of its wish.
select i.ok, i.messages[1:$3], i.document_id, octet_length(i.data)::bigint, w.number
from unnest($1::uuid[], $2::text[]) with ordinality as w (process, identifier, number)
join waybill.item i on i.process = w.process and i.identifier = w.identifier
