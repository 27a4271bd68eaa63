-- The time of each attempt that is its own: its interval less that of the runs nested in it.
-- Grain: one row per (attempt, uninterrupted interval). Reads: tries, run_nests, time_nests.
-- Parents may go round, so that a run stands within itself.
with recursive within as (
    select source, outer_run, inner_run
    from run_nests
    where outer_source = source and part is null
    union
    select n.source, n.outer_run, p.inner_run
    from within as n
    inner join run_nests as p
        on
            n.source = p.source
            and p.outer_source = p.source
            and p.part is null
            and n.inner_run = p.outer_run
),

nested as (
    select * from within where outer_run <> inner_run
),

used as (
    select *
    from tries
    where state not in ('skipped', 'cached') and until > start
),

-- Into a part of a run, or from one source into another: attempt by attempt.
across as (
    select o.attempt as outer_attempt, i.attempt
    from run_nests as n
    inner join tries as i
        on
            n.source = i.source
            and n.inner_run = i.execution
            and (n.parent is null or n.parent = i.parent)
    inner join tries as o
        on
            n.outer_source = o.source
            and n.outer_run = o.execution
            and (n.part is null or n.part = o.part)
    where n.outer_source <> n.source or n.part is not null
    union
    select outer_attempt, attempt
    from time_nests
),

-- With all that is nested in it, however far down: by its own source, or across again.
down as (
    select t.attempt, a.attempt as inner_attempt
    from (select distinct attempt from across) as j
    inner join tries as t on j.attempt = t.attempt
    inner join within as n on t.source = n.source and t.execution = n.outer_run
    inner join tries as a on n.source = a.source and n.inner_run = a.execution
    union
    select outer_attempt, attempt
    from across
),

-- What is across in the runs of its own source that are nested in an attempt is in it too. A run is
-- never in itself, whatever parents say.
entered as (
    select o.source, o.execution, o.attempt as outer_attempt, a.attempt
    from across as a
    inner join tries as j on a.outer_attempt = j.attempt
    inner join nested as n on j.source = n.source and j.execution = n.inner_run
    inner join tries as o on n.source = o.source and n.outer_run = o.execution
    union
    select o.source, o.execution, a.outer_attempt, a.attempt
    from across as a
    inner join tries as o on a.outer_attempt = o.attempt
),

under as (
    select e.*
    from entered as e
    inner join tries as i on e.attempt = i.attempt
    where e.source <> i.source or e.execution <> i.execution
    union
    select u.source, u.execution, u.outer_attempt, d.inner_attempt
    from under as u
    inner join down as d on u.attempt = d.attempt
    inner join tries as i on d.inner_attempt = i.attempt
    where u.source <> i.source or u.execution <> i.execution
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
    union all
    select o.attempt, greatest(i.start, o.start), least(i.until, o.until)
    from under as p
    inner join used as o on p.outer_attempt = o.attempt
    inner join used as i on p.attempt = i.attempt
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
