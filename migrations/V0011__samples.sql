-- Why: the charts of the monitor page show the last hour without any other system: each running
-- program writes what it did in the last seconds, and whoever is asked adds up what all of them wrote.

create table waybill.sample (
    -- one run of one program, and the row's place in it: written twice, it is recognised
    instance     uuid not null,
    number       bigint not null check (number >= 0),
    -- when the time ended that it speaks of, and how long that was
    at           timestamptz not null,
    seconds      double precision not null check (seconds >= 0),

    -- deliveries in that time: those taken, and what became of those that are done with
    received     bigint not null check (received >= 0),
    applied      bigint not null check (applied >= 0),
    duplicate    bigint not null check (duplicate >= 0),
    late         bigint not null check (late >= 0),
    dead         bigint not null check (dead >= 0),
    -- processes that ended in that time
    done         bigint not null check (done >= 0),
    warning      bigint not null check (warning >= 0),
    error        bigint not null check (error >= 0),
    cancelled    bigint not null check (cancelled >= 0),
    -- events by how long they took from their own time to the commit: up to each bound in seconds,
    -- and beyond the last one
    bounds       double precision[] not null,
    latency      bigint[] not null,

    -- how things stood at its end, where that was known
    queue_ready  bigint check (queue_ready >= 0),
    outbox       bigint check (outbox >= 0),
    dead_letters bigint check (dead_letters >= 0),
    parked       bigint check (parked >= 0),
    uploads_open bigint check (uploads_open >= 0),
    orders_open  bigint check (orders_open >= 0),

    primary key (instance, number),
    constraint one_bucket_beyond check (cardinality(latency) = cardinality(bounds) + 1)
);

create index sample_at on waybill.sample (at);
