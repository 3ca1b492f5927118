-- The privileges of each role on each table: exactly those that its statements need. `waybill migrate`
-- ends with it where roles.sql has created the roles; the owner of the tables may run it at any time.
-- Running it again changes nothing, and as it is one transaction, no session sees a table without
-- privileges meanwhile. waybill_run has all of these as a member of the roles.
begin;

revoke all on all tables in schema waybill from waybill_worker, waybill_relay, waybill_janitor,
    waybill_api, waybill_operator, waybill_run, waybill_read;

-- Consumes events into the records, and publishes what they cause.
grant select, insert, update, delete on waybill.process to waybill_worker;
grant select, insert, update, delete on waybill.event to waybill_worker;
grant select, insert, update, delete on waybill.item to waybill_worker;
grant select, insert, update on waybill.stage to waybill_worker;
grant select, insert, delete on waybill.parked to waybill_worker;
grant select, insert, update, delete on waybill.outbox to waybill_worker;
grant select, insert on waybill.dead_letter to waybill_worker;
grant select, insert, update on waybill.tally to waybill_worker;
grant select on waybill.tombstone to waybill_worker;
grant select on waybill.quarantine to waybill_worker;
grant select on waybill.workflow to waybill_worker;
grant select on waybill.tenant to waybill_worker;
grant select on waybill.producer to waybill_worker;
grant select, insert on waybill.sample to waybill_worker;
-- The first transaction on another server or time line begins the next epoch.
grant select, insert on waybill.epoch to waybill_worker;
grant select on waybill.feed_horizon to waybill_worker;
grant select on waybill.tenant_horizon to waybill_worker;
grant select on waybill.migration to waybill_worker;
grant select, update on waybill.file to waybill_worker;

-- Publishes what is in the outbox, and replays dead letters.
grant select, update on waybill.process to waybill_relay;
grant select on waybill.event to waybill_relay;
grant select on waybill.item to waybill_relay;
grant select on waybill.stage to waybill_relay;
grant select, update, delete on waybill.outbox to waybill_relay;
grant select, delete on waybill.dead_letter to waybill_relay;
grant select, update on waybill.replay to waybill_relay;
grant select, insert, update on waybill.tally to waybill_relay;
grant select on waybill.quarantine to waybill_relay;
grant select on waybill.workflow to waybill_relay;
grant select on waybill.tenant to waybill_relay;
grant select on waybill.producer to waybill_relay;
grant select, insert on waybill.sample to waybill_relay;
grant select, insert on waybill.epoch to waybill_relay;
grant select on waybill.feed_horizon to waybill_relay;
grant select on waybill.tenant_horizon to waybill_relay;
grant select on waybill.migration to waybill_relay;

-- Ends processes that are due, and deletes old rows and files.
grant select, update, delete on waybill.process to waybill_janitor;
grant select, update, delete on waybill.event to waybill_janitor;
grant select, delete on waybill.item to waybill_janitor;
grant select, insert, update, delete on waybill.stage to waybill_janitor;
grant select, delete on waybill.parked to waybill_janitor;
grant select, update, delete on waybill.file to waybill_janitor;
grant select, insert, update, delete on waybill.outbox to waybill_janitor;
grant select, insert, delete on waybill.dead_letter to waybill_janitor;
grant select, insert, update, delete on waybill.tombstone to waybill_janitor;
grant select, insert, update, delete on waybill.quarantine to waybill_janitor;
grant select, insert, update on waybill.tally to waybill_janitor;
grant select, insert, update on waybill.tenant_horizon to waybill_janitor;
grant select on waybill.feed_horizon to waybill_janitor;
grant select, delete on waybill.audit to waybill_janitor;
grant select on waybill.workflow to waybill_janitor;
grant select on waybill.tenant to waybill_janitor;
grant select on waybill.producer to waybill_janitor;
grant select, insert, update, delete on waybill.sample to waybill_janitor;
grant select, insert on waybill.epoch to waybill_janitor;
grant select on waybill.migration to waybill_janitor;

-- Answers clients. What they send becomes an event, which a worker writes; what an administrator
-- erases is deleted at once.
grant select, update, delete on waybill.process to waybill_api;
grant select, delete on waybill.event to waybill_api;
grant select, delete on waybill.item to waybill_api;
grant select, delete on waybill.stage to waybill_api;
grant select, delete on waybill.parked to waybill_api;
grant select, insert, update, delete on waybill.file to waybill_api;
-- Completions that are sent again.
grant select, insert, delete on waybill.outbox to waybill_api;
grant select, delete on waybill.dead_letter to waybill_api;
grant select, insert, update, delete on waybill.replay to waybill_api;
grant select, insert, update on waybill.tombstone to waybill_api;
grant select, delete on waybill.quarantine to waybill_api;
grant select, insert, update on waybill.tally to waybill_api;
grant select on waybill.workflow to waybill_api;
grant select on waybill.tenant to waybill_api;
grant select on waybill.producer to waybill_api;
grant select on waybill.quota to waybill_api;
grant select, update (last_used_at) on waybill.api_key to waybill_api;
grant select, insert, update, delete on waybill.session to waybill_api;
grant select, insert on waybill.audit to waybill_api;
grant select, insert on waybill.sample to waybill_api;
grant select, insert on waybill.epoch to waybill_api;
grant select on waybill.feed_horizon to waybill_api;
grant select, insert, update on waybill.tenant_horizon to waybill_api;
grant select on waybill.migration to waybill_api;

-- Operators' commands.
grant select, update, delete on waybill.process to waybill_operator;
grant select, delete on waybill.event to waybill_operator;
grant select, delete on waybill.item to waybill_operator;
grant select, delete on waybill.stage to waybill_operator;
grant select, insert, delete on waybill.outbox to waybill_operator;
grant select, delete on waybill.dead_letter to waybill_operator;
grant select, insert, update on waybill.tally to waybill_operator;
grant select, delete on waybill.quarantine to waybill_operator;
-- Versions are added and never changed; adding one locks the table, which requires `update`.
grant select, insert, update on waybill.workflow to waybill_operator;
-- A key is revoked and never deleted.
grant select, insert, update on waybill.api_key to waybill_operator;
grant select, delete on waybill.session to waybill_operator;
grant select, insert, update on waybill.tenant to waybill_operator;
grant select, insert, update, delete on waybill.producer to waybill_operator;
grant select, insert, update, delete on waybill.quota to waybill_operator;
-- What was done is recorded and never changed; the janitor deletes what is old.
grant select, insert on waybill.audit to waybill_operator;
grant select on waybill.epoch to waybill_operator;
grant select on waybill.migration to waybill_operator;
grant select, delete on waybill.parked to waybill_operator;
grant select, insert, update on waybill.tombstone to waybill_operator;
grant select, insert, update on waybill.tenant_horizon to waybill_operator;
grant select on waybill.feed_horizon to waybill_operator;
grant select, update on waybill.file to waybill_operator;

-- Readers may read everything except the hashes of keys.
grant select on all tables in schema waybill to waybill_read;
revoke all on waybill.api_key, waybill.session from waybill_read;

commit;
