-- Which lines are told one by one: those that put most into the amount, by the part of it that came from
-- the lines they are split with. Grain: one row per line.
-- Reads: chosen_lines, whole_pools, explain_parts. Takes: $basis; $period; $most, null for all.
with parts as (
    select
        w.bundle,
        sum_in($basis, e.billed, e.effective) as part
    from explain_parts as e
    inner join whole_pools as w on e.pool = w.pool
    where e.billing_period = $period
    group by w.bundle
),

wholes as (
    select
        bundle,
        sum_in($basis, billed, effective) as whole
    from chosen_lines
    group by bundle
),

rates as (
    -- In millionths. What comes to nothing in all is told by the size of its lines.
    select p.bundle, coalesce(abs(p.part) * 1000000 // nullif(abs(w.whole), 0), 1) as rate
    from parts as p
    inner join wholes as w on p.bundle = w.bundle
)

select c.bundle, c.line_number
from chosen_lines as c
inner join rates as r on c.bundle = r.bundle
order by
    abs(units(case $basis when 'billed' then c.billed else c.effective end)) * r.rate desc,
    c.bundle,
    c.line_number
limit $most
