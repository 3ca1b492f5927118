-- Makes the files of openings due that no replay can apply, unless another published event may name them.
update waybill.file
set named = greatest(named - 1, 0), due_at = case when named <= 1 then now() else due_at end
where process = any ($1::uuid[]) and size is not null
