-- The time of each attempt that is its own: its interval less that of the runs nested in it.
-- Grain: one row per (attempt, uninterrupted interval). Reads: tries.
with recursive executions as (
    select distinct source, pipeline, run, parent, execution
    from tries
),

-- A parent is a run of the same pipeline, or of another one where that has none of its name.
parents as (
    select c.source, c.execution as inner_run, p.execution as outer_run
    from executions as c
    inner join executions as p
        on c.source = p.source and c.parent = p.run and c.execution <> p.execution
    where
        c.pipeline = p.pipeline
        or (c.source, c.pipeline, c.parent) not in (
            select (source, pipeline, run) from executions
        )
),

nested as (
    select distinct source, outer_run, inner_run
    from parents
    union
    select n.source, n.outer_run, p.inner_run
    from nested as n
    inner join parents as p
        on n.source = p.source and n.inner_run = p.outer_run and n.outer_run <> p.inner_run
),

used as (
    select *
    from tries
    where state not in ('skipped', 'cached') and until > start
),

covers as (
    select
        o.attempt,
        greatest(i.start, o.start) as start,
        least(i.until, o.until) as stop
    from used as o
    inner join nested as n on o.source = n.source and o.execution = n.outer_run
    inner join used as i on n.source = i.source and n.inner_run = i.execution
    where i.start < o.until and i.until > o.start
),

marked as (
    select
        *,
        coalesce(
            start > max(stop) over (
                partition by attempt
                order by start, stop
                rows between unbounded preceding and 1 preceding
            ),
            true
        ) as opens
    from covers
),

numbered as (
    select
        *,
        count(*) filter (opens) over (
            partition by attempt order by start, stop rows unbounded preceding
        ) as island
    from marked
),

islands as (
    select attempt, min(start) as start, max(stop) as stop
    from numbered
    group by attempt, island
),

-- One gap before each island, and one after the last.
gaps as (
    select
        u.attempt,
        coalesce(lag(i.stop) over (partition by i.attempt order by i.start), u.start) as start,
        i.start as stop
    from islands as i
    inner join used as u on i.attempt = u.attempt
    union all
    select u.attempt, coalesce(max(i.stop), any_value(u.start)) as start, any_value(u.until) as stop
    from used as u
    left join islands as i on u.attempt = i.attempt
    group by u.attempt
)

select attempt, start, stop
from gaps
where stop > start
