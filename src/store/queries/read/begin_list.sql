-- Lists walk along the index that has their order, because only that costs the same for every
-- tenant: a plan that sorts reads all that a tenant has before it gives the first row.
begin read only;
set local enable_sort = off;
set local enable_bitmapscan = off
