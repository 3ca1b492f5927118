-- The privileges of each role on each table: exactly those that its statements need. Run it as the owner
-- of the tables after `waybill migrate`; running it again changes nothing, and as it is one transaction,
-- no session sees a table without privileges meanwhile.
--
--     psql --dbname=waybill --username=waybill_owner --set=ON_ERROR_STOP=1 --file=rights.sql
begin;

revoke all on all tables in schema waybill from waybill_run, waybill_read;

-- Records, and the rows that belong to them.
grant select, insert, update, delete on waybill.process to waybill_run;
grant select, insert, update, delete on waybill.event to waybill_run;
grant select, insert, update, delete on waybill.item to waybill_run;
grant select, insert, update, delete on waybill.stage to waybill_run;
grant select, insert, delete on waybill.parked to waybill_run;
grant select, insert, update, delete on waybill.file to waybill_run;
grant select, insert, update, delete on waybill.outbox to waybill_run;
grant select, insert, delete on waybill.dead_letter to waybill_run;
grant select, insert, update, delete on waybill.tombstone to waybill_run;
grant select, insert, update on waybill.tally to waybill_run;
grant select on waybill.feed_horizon to waybill_run;
grant select, insert, update on waybill.tenant_horizon to waybill_run;
grant select, insert, update, delete on waybill.quarantine to waybill_run;
-- The first transaction on another server or time line begins the next epoch.
grant select, insert on waybill.epoch to waybill_run;

-- Charts and replays of the monitor pages.
grant select, insert, update, delete on waybill.sample to waybill_run;
grant select, insert, update, delete on waybill.replay to waybill_run;

-- Versions are added and never changed; adding one locks the table, which requires `update`.
grant select, insert, update on waybill.workflow to waybill_run;
-- What was done is recorded and never changed; the janitor deletes what is old.
grant select, insert, delete on waybill.audit to waybill_run;
-- A key is revoked and never deleted.
grant select, insert, update on waybill.api_key to waybill_run;
grant select, insert, update on waybill.tenant to waybill_run;
grant select, insert, update, delete on waybill.producer to waybill_run;
grant select, insert, update, delete on waybill.quota to waybill_run;
grant select, insert, update, delete on waybill.session to waybill_run;

-- Only migrations write this one.
grant select on waybill.migration to waybill_run;

-- Readers may read everything except the hashes of keys.
grant select on all tables in schema waybill to waybill_read;
revoke all on waybill.api_key, waybill.session from waybill_read;

commit;
