-- The slices of each stage on each day, and how much of it each is: the step from the size below to its
-- own, or the size of its column. A column that nobody needs on that day is a slice, too.
-- Grain: one row per (day, stage, slice). Reads: rule_days, slice_edges, column_sizes.
with stretches as (
    select stretch, min(day) as first_day
    from rule_days
    group by stretch
),

used as (
    select distinct s.stretch, e.stage, e.node, e.bound, e.of_column
    from stretches as s
    inner join slice_edges as e
        on
            (e.valid_from is null or e.valid_from <= s.first_day)
            and (e.valid_to is null or e.valid_to > s.first_day)
    where e.is_own
),

listed as (
    select
        stretch,
        stage,
        node,
        bound - lag(bound, 1, 0) over (partition by stretch, stage order by bound) as size
    from used
    where bound is not null
    union all
    select u.stretch, u.stage, u.node, coalesce(c.size, 1)
    from used as u
    left join column_sizes as c on u.stage = c.node and u.of_column = c.of_column
    where u.of_column is not null
    union all
    select s.stretch, c.node, c.node || '#' || c.of_column, c.size
    from stretches as s
    cross join column_sizes as c
    anti join used as u on s.stretch = u.stretch and c.node = u.stage and c.of_column = u.of_column
)

select
    d.day,
    l.stage,
    l.node,
    (l.size * 1000000)::hugeint as weight,
    count(*) over (partition by d.day, l.stage) as slices
from listed as l
inner join rule_days as d on l.stretch = d.stretch
where l.size > 0
