-- Ends the files of erased processes at once, so that they can neither be read nor named again; the janitor
-- removes their objects, then these rows.
update waybill.file
set due_at = now(), object = coalesce(object, id),
    id = case when size is null then id else gen_random_uuid() end, size = null, sha256 = null, name = ''
where process = any ($1::uuid[])
