-- Three roles for Waybill's database: the owner of the tables, which migrates; the role Waybill runs as;
-- and a role for readers. Run it once, before the first `waybill migrate`, as a role that may create roles
-- and owns the database; running it again changes nothing:
--
--     psql --dbname=waybill --set=ON_ERROR_STOP=1 --file=roles.sql
--     psql --dbname=waybill --command='\password waybill_owner'     and so for each that logs in
--     DATABASE_URL=postgres://waybill_owner:…@…/waybill waybill migrate
--     psql --dbname=waybill --set=ON_ERROR_STOP=1 --file=rights.sql
--
-- rights.sql then revokes from the two others the privileges that their statements don't need.
--
-- Optional: with `grant pg_read_all_stats to waybill_run` the doctor also shows since when a transaction
-- of another user that delays the change feed is open; it shows the user without the grant.
begin;

do $$
begin
    -- Roles belong to the whole cluster: another database may have created them.
    if to_regrole('waybill_owner') is null then
        create role waybill_owner login;
    end if;
    if to_regrole('waybill_run') is null then
        create role waybill_run login;
    end if;
    if to_regrole('waybill_read') is null then
        create role waybill_read login;
    end if;
    -- Without superuser rights, the current role acts for the owner below as its member.
    if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant waybill_owner to %I', current_user);
    end if;
    execute format('grant connect on database %I to waybill_owner, waybill_run, waybill_read',
                   current_database());
end
$$;

-- The schema exists before the first migration, so its owner needs no privilege on the database.
create schema if not exists waybill authorization waybill_owner;
grant usage on schema waybill to waybill_run, waybill_read;

-- Waybill can use new tables of a migration at once. Readers wait for the next run of rights.sql, because
-- a new table may not be for them.
alter default privileges for role waybill_owner in schema waybill
    grant select, insert, update, delete on tables to waybill_run;

commit;
