-- Single items of processes, with the length of their data. Each row ends with the number of its
-- query.
select i.ok, i.messages[1:$3], i.document_id, octet_length(i.data)::bigint, q.number
from unnest($1::uuid[], $2::text[]) with ordinality as q (process, identifier, number)
join waybill.item i on i.process = q.process and i.identifier = q.identifier
