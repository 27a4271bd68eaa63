-- Which attempts are nested in one of another source by their time: of one pipeline of the catalogue,
-- one's interval within the other's, where no parent says more. The tightest holds it; of two equal
-- intervals that of the source that is first by name. Of two sources the one that holds more of the
-- other's attempts holds them throughout: a run in one of two tasks side by side does not hold the
-- other task. What is in a source by name holds nothing of it.
-- Grain: one row per inner attempt. Reads: logged, run_nests.
-- The longer side is laid out by the hour, so that the join meets only what can be nested.
with recursive by_name as (
    select source, inner_run, outer_source, outer_run
    from run_nests
    union
    select n.source, n.inner_run, r.outer_source, r.outer_run
    from by_name as n
    inner join run_nests as r on n.outer_source = r.source and n.outer_run = r.inner_run
),

live as (
    select attempt, source, execution, pipeline_node, start, until
    from logged
    where
        known
        and state not in ('skipped', 'cached')
        and until > start
        and pipeline_node in (
            select pipeline_node from logged group by all having count(distinct source) > 1
        )
),

-- Only hours in which something began.
began as (
    select distinct pipeline_node, date_trunc('hour', start) as hour
    from live
),

hours as (
    select
        attempt,
        pipeline_node,
        unnest(
            generate_series(
                date_trunc('hour', start), until - interval 1 microsecond, interval 1 hour
            )
        ) as hour
    from live
),

met as (
    select
        i.attempt,
        i.pipeline_node,
        i.source,
        i.execution,
        o.attempt as outer_attempt,
        o.until - o.start as length,
        o.source as outer_source,
        o.execution as outer_run
    from live as i
    inner join began as b
        on i.pipeline_node = b.pipeline_node and date_trunc('hour', i.start) = b.hour
    inner join hours as h on b.pipeline_node = h.pipeline_node and b.hour = h.hour
    inner join live as o
        on
            h.attempt = o.attempt
            and i.source <> o.source
            and o.start <= i.start
            and i.until <= o.until
            and (o.start < i.start or i.until < o.until or o.source < i.source)
),

counted as (
    select pipeline_node, source, outer_source, count(distinct attempt) as held
    from met
    group by all
),

-- One of two sources is the outer one, throughout the pipeline.
directed as (
    select c.*
    from counted as c
    left join counted as o
        on
            c.pipeline_node = o.pipeline_node
            and c.source = o.outer_source
            and c.outer_source = o.source
    where
        c.held > coalesce(o.held, 0)
        or (c.held = o.held and c.outer_source < c.source)
),

holding as (
    select m.*
    from met as m
    semi join directed as d
        on
            m.pipeline_node = d.pipeline_node
            and m.source = d.source
            and m.outer_source = d.outer_source
    anti join by_name as n
        on
            m.outer_source = n.source
            and m.outer_run = n.inner_run
            and m.source = n.outer_source
    where (m.source, m.execution) not in (select (source, inner_run) from run_nests)
)

select attempt, outer_attempt
from holding
qualify row_number() over (partition by attempt order by length, outer_source, outer_attempt) = 1
