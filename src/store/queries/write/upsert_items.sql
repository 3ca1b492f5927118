-- Upserts changed outcomes; each identifier occurs once. Arrays of arrays must be rectangular, so
-- the messages are passed as JSON.
insert into waybill.item (process, identifier, ok, messages, document_id, data, stamp)
select n.process, n.identifier, n.ok,
       array(select json_array_elements_text(n.messages::json)), n.document_id, n.data, n.stamp
from unnest($1::uuid[], $2::text[], $3::boolean[], $4::text[], $5::text[], $6::text[], $7::text[])
     as n (process, identifier, ok, messages, document_id, data, stamp)
on conflict (process, identifier) do update
set ok = excluded.ok, messages = excluded.messages, document_id = excluded.document_id,
    data = excluded.data, stamp = excluded.stamp
