-- The database's time, which rows are stamped with.
select now()
