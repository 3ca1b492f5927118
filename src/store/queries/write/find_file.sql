-- A complete file.
select name, media_type, size, sha256, coalesce(object, id)
from waybill.file
where process = $1 and id = $2 and size is not null
