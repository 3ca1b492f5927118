-- The number of distinct sequences that a process has in the log below that of its ending, and the
-- greatest; without events of the other kind, which may be there until the kind is decided.
select a.process, sequences.count, sequences.max
from unnest($1::uuid[], $2::bigint[], $3::text[]) as a (process, sequence, kind)
cross join lateral (
    select count(distinct e.sequence), max(e.sequence)
    from waybill.event e
    where e.process = a.process and e.sequence < a.sequence and e.refused is null
      and starts_with(e.type, a.kind || '.')
) as sequences
