-- Three roles for Waybill's database: who owns the tables and migrates, as whom Waybill runs, and as
-- whom people look. Run it once, before the first `waybill migrate`, as somebody who may create roles
-- and whom the database belongs to; running it again changes nothing:
--
--     psql --dbname=waybill --set=ON_ERROR_STOP=1 --file=roles.sql
--     psql --dbname=waybill --command='\password waybill_owner'     and so for each that logs in
--     DATABASE_URL=postgres://waybill_owner:…@…/waybill waybill migrate
--     psql --dbname=waybill --set=ON_ERROR_STOP=1 --file=rights.sql
--
-- rights.sql then takes from the two others what no statement of theirs needs.
--
-- Optional: with `grant pg_read_all_stats to waybill_run` the doctor also says since when a transaction
-- of another user is open that holds the change feed back; whose it is, it says without.
begin;

do $$
begin
    -- Roles are the whole cluster's: another database may have brought them.
    if to_regrole('waybill_owner') is null then
        create role waybill_owner login;
    end if;
    if to_regrole('waybill_run') is null then
        create role waybill_run login;
    end if;
    if to_regrole('waybill_read') is null then
        create role waybill_read login;
    end if;
    -- Who is no superuser acts for the owner below as one of its members.
    if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant waybill_owner to %I', current_user);
    end if;
    execute format('grant connect on database %I to waybill_owner, waybill_run, waybill_read',
                   current_database());
end
$$;

-- The schema is there before the first migration, so its owner needs no right to the database.
create schema if not exists waybill authorization waybill_owner;
grant usage on schema waybill to waybill_run, waybill_read;

-- What a migration brings can be used at once. Who only looks waits for the next run of rights.sql,
-- because a new table may be none of theirs.
alter default privileges for role waybill_owner in schema waybill
    grant select, insert, update, delete on tables to waybill_run;

commit;
