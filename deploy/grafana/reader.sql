-- The role for Grafana: reads two tables and nothing else, with a short timeout. Run it as the owner of the
-- tables after `waybill migrate`, with the role's password in READER_PASSWORD; running it again changes
-- only the password.
\getenv password READER_PASSWORD
begin;

do $$
begin
    if to_regrole('waybill_grafana') is null then
        create role waybill_grafana;
    end if;
end
$$;

alter role waybill_grafana login password :'password';
alter role waybill_grafana set statement_timeout = '10s';
alter role waybill_grafana set default_transaction_read_only = on;
grant usage on schema waybill to waybill_grafana;
grant select on waybill.process, waybill.stage to waybill_grafana;

commit;
