-- What the server is and what this user may do; asks nothing of tables that may be missing.
select current_setting('server_version_num')::integer,
       current_setting('server_version'),
       pg_is_in_recovery() or current_setting('transaction_read_only')::boolean,
       has_database_privilege(current_database(), 'create'),
       coalesce(has_schema_privilege(to_regnamespace('waybill')::oid, 'create'), false),
       current_user::text,
       array(
           select t.relname::text
           from pg_class t
           where t.relnamespace = to_regnamespace('waybill') and t.relkind in ('r', 'p')
             and not (has_table_privilege(t.oid, 'select')
                      and (t.relname = 'migration'
                           or has_table_privilege(t.oid, 'insert')
                              and has_table_privilege(t.oid, 'update')
                              and has_table_privilege(t.oid, 'delete')))
           order by t.relname
       ),
       now()
