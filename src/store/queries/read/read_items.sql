-- The items of these processes, failed ones first: of each at most $2, and over all processes until
-- they reach $3 bytes; their data only with $4.
select i.identifier, i.ok, i.messages, i.document_id, i.data, i.number
from (
    select q.number, i.*,
           sum(i.bytes) over (
               order by q.number, i.ok, i.identifier collate "C" rows unbounded preceding
           ) - i.bytes as bytes_before
    from unnest($1::uuid[], $2::bigint[], $4::boolean[]) with ordinality
              as q (process, most, data, number),
         lateral (
            select i.identifier, i.ok, i.messages, i.document_id, d.data,
                   coalesce(octet_length(d.data), 0) + octet_length(i.messages::text) as bytes
            from waybill.item i, lateral (select case when q.data then i.data end) as d (data)
            where i.process = q.process
            order by i.ok, i.identifier collate "C"
            limit q.most
         ) i
) i
where i.bytes_before < $3::bigint
order by i.number, i.ok, i.identifier collate "C"
