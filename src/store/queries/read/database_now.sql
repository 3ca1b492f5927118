-- The clock that what is written is stamped with.
select now()
