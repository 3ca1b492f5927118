-- The failed items of a process after one, in the order of the primary key: at most $3, until the
-- messages reach $4 bytes. The first one is always returned.
select f.identifier, f.messages, f.document_id
from (
    select i.*, sum(i.bytes) over (order by i.identifier rows unbounded preceding) - i.bytes
               as bytes_before
    from (
        select i.identifier, i.messages, i.document_id, octet_length(i.messages::text) as bytes
        from waybill.item i
        where i.process = $1 and i.identifier > $2 and not i.ok
        order by i.identifier
        limit $3
    ) i
) f
where f.bytes_before < $4
order by f.identifier
