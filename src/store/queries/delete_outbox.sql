-- Forgets what was confirmed, or returned where such messages are dropped.
delete from waybill.outbox o
using unnest($1::uuid[], $2::uuid[], $3::text[]) as n (process, id, what)
where o.process = n.process and o.id = n.id and o.what = n.what
