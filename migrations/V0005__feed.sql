-- Why: readers follow the log with cursors. These must stay valid when the tables move to another
-- cluster, which numbers its transactions anew, and must be refused once retention has deleted what
-- lies after them.

-- Each cluster that the tables have lived on: a restored dump begins the next epoch.
create table waybill.epoch (
    number            smallint primary key,
    system_identifier bigint not null,
    began_at          timestamptz not null default now(),
    constraint numbers_start_at_one check (number >= 1)
);

insert into waybill.epoch (number, system_identifier)
select 1, system_identifier from pg_control_system();

-- The default is the newest epoch: what begins one changes it, so inserts need not ask.
alter table waybill.event add column epoch smallint not null default 1;

drop index waybill.event_feed;
create index event_feed on waybill.event (epoch, tx, pos);

-- One row: the place of the newest event that retention has deleted. After it the log is whole.
create table waybill.feed_horizon (
    single boolean primary key default true check (single),
    epoch  smallint not null,
    tx     xid8 not null,
    pos    integer not null
);

insert into waybill.feed_horizon (epoch, tx, pos) values (0, '0', 0);
