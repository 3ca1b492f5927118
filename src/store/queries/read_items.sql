-- The items of these processes, those that failed first, of each at most so many, and of all
-- together as many as have less than $3 bytes before them.
select i.identifier, i.ok, i.messages, i.document_id, i.data, i.number
from (
    select w.number, i.*,
           sum(i.bytes) over (
               order by w.number, i.ok, i.identifier collate "C" rows unbounded preceding
           ) - i.bytes as bytes_before
    from unnest($1::uuid[], $2::bigint[]) with ordinality as w (process, most, number),
         lateral (
            select i.*,
                   coalesce(octet_length(i.data), 0) + octet_length(i.messages::text) as bytes
            from waybill.item i
            where i.process = w.process
            order by i.ok, i.identifier collate "C"
            limit w.most
         ) i
) i
where i.bytes_before < $3::bigint
order by i.number, i.ok, i.identifier collate "C"
