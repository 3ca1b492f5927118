-- Inserts a sample with the database's time; one whose outcome was unknown may be inserted again.
insert into waybill.sample (
    instance, number, at, seconds, received, applied, duplicate, late, dead,
    done, warning, error, cancelled, bounds, latency,
    queue_ready, outbox, dead_letters, parked, uploads_open, orders_open
)
values (
    $1, $2, now() - make_interval(secs => $3), $4, $5, $6, $7, $8, $9,
    $10, $11, $12, $13, $14, $15,
    $16, $17, $18, $19, $20, $21
)
on conflict (instance, number) do nothing
