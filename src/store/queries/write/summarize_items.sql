-- The item summary of a completion: the first failed items, the first documents, their number.
select k.key,
       e.identifiers, e.messages,
       array(select i.document_id from waybill.item i
             where i.process = k.key and i.document_id is not null
             order by i.identifier collate "C" limit $3),
       (select count(*) from waybill.item i where i.process = k.key and i.document_id is not null)
from unnest($1::uuid[]) as k (key),
     lateral (
         select array_agg(f.identifier order by f.identifier collate "C") as identifiers,
                array_agg(to_json(f.messages[1:$4])::text order by f.identifier collate "C") as messages
         from (select i.identifier, i.messages from waybill.item i
               where i.process = k.key and not i.ok
               order by i.identifier collate "C" limit $2) f
     ) e
