-- The server's settings, and what the user is; reads no tables, which may be missing.
select current_setting('server_version_num')::integer,
       current_setting('server_version'),
       pg_is_in_recovery() or current_setting('transaction_read_only')::boolean,
       has_database_privilege(current_database(), 'create'),
       coalesce(has_schema_privilege(to_regnamespace('waybill')::oid, 'create'), false),
       current_user::text,
       (select u.rolsuper from pg_roles u where u.rolname = current_user),
       exists (
           select from pg_class t
           where t.relnamespace = to_regnamespace('waybill') and t.relkind in ('r', 'p')
             and pg_has_role(t.relowner, 'usage')
       ),
       array(
           select r.rolname::text
           from pg_roles r
           where r.rolname in ('waybill_worker', 'waybill_relay', 'waybill_janitor', 'waybill_api',
                               'waybill_operator')
             and pg_has_role(r.oid, 'usage')
       ),
       now(),
       current_setting('synchronous_commit')
