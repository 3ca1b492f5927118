-- Creates the schema if it is missing. `if not exists` requires the privilege to create one even if
-- it exists, and an owner who was given the schema need not have that.
do $$
begin
    if to_regnamespace('waybill') is null then
        create schema waybill;
    end if;
end
$$
