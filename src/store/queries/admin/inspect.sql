-- The server's settings and this user's privileges, compared with deploy/postgresql/rights.sql;
-- reads no tables, which may be missing.
select current_setting('server_version_num')::integer,
       current_setting('server_version'),
       pg_is_in_recovery() or current_setting('transaction_read_only')::boolean,
       has_database_privilege(current_database(), 'create'),
       coalesce(has_schema_privilege(to_regnamespace('waybill')::oid, 'create'), false),
       current_user::text,
       array(
           select t.relname::text
           from (values
               ('process', '{select,insert,update,delete}'::text[]),
               ('event', '{select,insert,update,delete}'),
               ('item', '{select,insert,update,delete}'),
               ('stage', '{select,insert,update,delete}'),
               ('parked', '{select,insert,delete}'),
               ('file', '{select,insert,update,delete}'),
               ('outbox', '{select,insert,update,delete}'),
               ('dead_letter', '{select,insert,delete}'),
               ('tombstone', '{select,insert,update,delete}'),
               ('sample', '{select,insert,update,delete}'),
               ('replay', '{select,insert,update,delete}'),
               ('tally', '{select,insert,update}'),
               ('feed_horizon', '{select}'),
               ('tenant_horizon', '{select,insert,update}'),
               ('quarantine', '{select,insert,update,delete}'),
               ('workflow', '{select,insert,update}'),
               ('api_key', '{select,insert,update}'),
               ('audit', '{select,insert,delete}'),
               ('tenant', '{select,insert,update}'),
               ('producer', '{select,insert,update,delete}'),
               ('quota', '{select,insert,update,delete}'),
               ('session', '{select,insert,update,delete}'),
               ('epoch', '{select,insert}'),
               ('migration', '{select}')
           ) as n (name, rights)
           join pg_class t
             on t.relname = n.name and t.relnamespace = to_regnamespace('waybill')
                and t.relkind in ('r', 'p')
           where exists (select from unnest(n.rights) as r (needed)
                         where not has_table_privilege(t.oid, r.needed))
           order by t.relname
       ),
       now(),
       current_setting('synchronous_commit')
