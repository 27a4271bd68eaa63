-- The time of each attempt that is its own: its interval less that of the runs nested in it.
-- Grain: one row per (attempt, uninterrupted interval). Reads: tries.
with recursive nested as (
    select distinct source, parent as outer_run, run as inner_run
    from tries
    where parent is not null and parent <> run
    union
    select n.source, n.outer_run, t.run
    from nested as n
    inner join tries as t
        on n.source = t.source and n.inner_run = t.parent and t.run <> n.outer_run
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
    inner join nested as n on o.source = n.source and o.run = n.outer_run
    inner join used as i on n.source = i.source and n.inner_run = i.run
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
