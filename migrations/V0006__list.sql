-- Why: clients ask for lists of their processes, the newest first, page by page. Each index gives
-- one order in which a page may be read, whole, with the key to tell equal times apart: so a page
-- costs the same however many processes there are.

-- None of these columns changes with the events in between: only the opening and the end of a
-- process touch these indexes.
create index process_created on waybill.process (tenant, created_at, key);
create index process_opened on waybill.process (tenant, opened_at, key)
    where opened_at is not null;
create index process_ended on waybill.process (tenant, ended_at, key)
    where ended_at is not null;
create index process_group on waybill.process (tenant, group_name, created_at, key)
    where group_name is not null;
