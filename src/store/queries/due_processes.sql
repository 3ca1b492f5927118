-- Keys of processes whose settle time or deadline has passed, a bounded number, oldest first.
select key from waybill.process
where ended_at is null and least(settle_at, deadline_at) <= now()
order by least(settle_at, deadline_at)
limit $1
for no key update skip locked
