-- The user's privileges on each table of the schema, for comparison with deploy/postgresql/rights.sql.
select t.relname::text,
       array(
           select p.name
           from unnest('{select,insert,update,delete,truncate}'::text[]) as p (name)
           where has_table_privilege(t.oid, p.name)
           union all
           select format('update (%s)', a.attname)
           from pg_attribute a
           where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
             and not has_table_privilege(t.oid, 'update')
             and has_column_privilege(t.oid, a.attnum, 'update')
       )
from pg_class t
where t.relnamespace = to_regnamespace('waybill') and t.relkind in ('r', 'p')
