-- Why: the kind of a process is decided by its opening. Until then every event of it is kept as it was
-- received, beside the pushes that wait for their stops: what turns out to be of the other kind becomes a
-- dead letter. Only pushes expire.
drop index waybill.parked_since;
create index parked_since on waybill.parked (parked_at) where type = 'order.pushed';
