-- Makes the schema where it lacks. `if not exists` asks for the right to create one even where it is
-- there, and an owner whom somebody gave a schema need not have that.
do $$
begin
    if to_regnamespace('waybill') is null then
        create schema waybill;
    end if;
end
$$
