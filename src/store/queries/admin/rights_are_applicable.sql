-- Whether the roles of deploy/postgresql/roles.sql were created for this database, and the user may
-- grant privileges on its tables.
select coalesce(bool_and(has_schema_privilege(r.oid, to_regnamespace('waybill')::oid, 'usage')), false)
       and count(*) = 7
       and not exists (
           select from pg_class t
           where t.relnamespace = to_regnamespace('waybill') and t.relkind in ('r', 'p')
             and not pg_has_role(t.relowner, 'usage')
       )
from pg_roles r
where r.rolname in ('waybill_worker', 'waybill_relay', 'waybill_janitor', 'waybill_api',
                    'waybill_operator', 'waybill_run', 'waybill_read')
