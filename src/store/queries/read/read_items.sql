-- The items of these processes, those that failed first, of each at most so many, and of all
-- together as many as have less than $3 bytes before them; their data only where $4 says so.
select i.identifier, i.ok, i.messages, i.document_id, i.data, i.number
from (
    select w.number, i.*,
           sum(i.bytes) over (
               order by w.number, i.ok, i.identifier collate "C" rows unbounded preceding
           ) - i.bytes as bytes_before
    from unnest($1::uuid[], $2::bigint[], $4::boolean[]) with ordinality
              as w (process, most, data, number),
         lateral (
            select i.identifier, i.ok, i.messages, i.document_id, d.data,
                   coalesce(octet_length(d.data), 0) + octet_length(i.messages::text) as bytes
            from waybill.item i, lateral (select case when w.data then i.data end) as d (data)
            where i.process = w.process
            order by i.ok, i.identifier collate "C"
            limit w.most
         ) i
) i
where i.bytes_before < $3::bigint
order by i.number, i.ok, i.identifier collate "C"
