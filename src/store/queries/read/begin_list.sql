-- Forces lists to scan the index that has their order, because only that costs the same for every
-- tenant: a plan that sorts reads all of a tenant's rows before it returns the first.
begin read only;
set local enable_sort = off;
set local enable_bitmapscan = off
