-- The last minutes over all instances: the applied events of the last minute and how many seconds
-- of it are covered, the newest number of ready messages, and the latencies of the last five
-- minutes.
select now(),
       coalesce(sum(s.applied), 0)::bigint,
       extract(epoch from max(s.at) - min(s.at - make_interval(secs => s.seconds)))::double precision,
       (select q.queue_ready from waybill.sample q
        where q.at > now() - interval '1 minute' and q.queue_ready is not null
        order by q.at desc
        limit 1),
       array(select sum(l.events)::bigint
             from waybill.sample r, unnest(r.latency) with ordinality as l (events, place)
             where r.at > now() - interval '5 minutes' and r.bounds = $1
             group by l.place
             order by l.place)
from waybill.sample s
where s.at > now() - interval '1 minute'
