-- How many different sequences below that of its ending a process has in the log, and the greatest.
select a.process,
       (select count(distinct e.sequence) from waybill.event e
        where e.process = a.process and e.sequence < a.sequence and e.refused is null),
       (select max(e.sequence) from waybill.event e
        where e.process = a.process and e.sequence < a.sequence and e.refused is null)
from unnest($1::uuid[], $2::bigint[]) as a (process, sequence)
