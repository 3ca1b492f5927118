-- Keys of processes whose settle time or deadline has passed, and of orders that stand at a stage
-- for too long; a bounded number of each, oldest first.
with ending as (
    select key from waybill.process
    where ended_at is null and least(settle_at, deadline_at) <= now()
    order by least(settle_at, deadline_at)
    limit $1
    for no key update skip locked
),
overdue as (
    select process from waybill.stage
    where left_at is null and due_at <= now()
    order by due_at
    limit $1
),
standing as (
    select key from waybill.process
    where ended_at is null and key in (select process from overdue)
    for no key update skip locked
)
select key from ending union select key from standing
