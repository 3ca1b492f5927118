-- The roles of Waybill's database: the owner of the tables, which migrates; one for each role of the
-- program; one for operators' commands; and one for readers. Run it once, before the first `waybill
-- migrate`, as a role that may create roles and owns the database; running it again changes nothing:
--
--     psql --dbname=waybill --set=ON_ERROR_STOP=1 --file=roles.sql
--     psql --dbname=waybill --command='\password waybill_owner'     and so for each that logs in
--     DATABASE_URL=postgres://waybill_owner:…@…/waybill waybill migrate
--
-- `waybill migrate` grants each the privileges that its statements need, those of rights.sql.
--
--     waybill_worker, waybill_relay, waybill_janitor, waybill_api    `waybill run --roles` with one of them
--     waybill_operator    `waybill key`, `session`, `tenant`, `quota`, `producer`, `workflow`, `dead`, `resend`, `erase`, …
--     waybill_run         all of these in one: a member of each, for one process with all roles
--     waybill_read        people and programs that read the tables
--
-- A login for some of the roles is a member of each: `create role … login in role waybill_relay,
-- waybill_janitor`.
--
-- Optional: with `grant pg_read_all_stats to …` the doctor also shows since when a transaction of another
-- user that delays the change feed is open; it shows the user without the grant.
begin;

do $$
declare
    role text;
begin
    foreach role in array array['waybill_owner', 'waybill_worker', 'waybill_relay', 'waybill_janitor',
                                'waybill_api', 'waybill_operator', 'waybill_run', 'waybill_read']
    loop
        -- Roles belong to the whole cluster: another database may have created them.
        if to_regrole(role) is null then
            execute format('create role %I login', role);
        end if;
        execute format('grant connect on database %I to %I', current_database(), role);
    end loop;
    -- Without superuser rights, the current role acts for the owner below as its member.
    if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant waybill_owner to %I', current_user);
    end if;
end
$$;

grant waybill_worker, waybill_relay, waybill_janitor, waybill_api, waybill_operator to waybill_run;

-- The schema exists before the first migration, so its owner needs no privilege on the database.
create schema if not exists waybill authorization waybill_owner;
grant usage on schema waybill to waybill_worker, waybill_relay, waybill_janitor, waybill_api,
    waybill_operator, waybill_run, waybill_read;

-- Earlier versions opened each new table to this one.
alter default privileges for role waybill_owner in schema waybill revoke all on tables from waybill_run;

commit;
