-- Runs as their logs tell of them, and how much of their time was their own.
-- Grain: one row per run of a log that began in the window, the latest first. `within` is the run
-- that it is nested in, by its `parent` or by its `time`; that one has none of these seconds.
-- Reads: logged, own_time, run_nests, time_nests. Takes: $start and $stop, days; $pipeline or null;
-- $first and $after, months that the attempts lie in.
with nested as (
    select source, inner_run, outer_source || ':' || outer_run as within, 'parent' as because
    from run_nests
    union
    select i.source, i.execution, o.source || ':' || o.execution, 'time'
    from time_nests as t
    inner join logged as i on t.attempt = i.attempt
    inner join logged as o on t.outer_attempt = o.attempt
),

known as (
    select
        source,
        inner_run,
        string_agg(distinct within, ', ' order by within) as within,
        string_agg(distinct because, ', ' order by because) as because
    from nested
    group by source, inner_run
),

summed as (
    select
        l.source,
        l.execution,
        min(substr(l.pipeline_node, 10)) as pipeline,
        any_value(l.run) as run,
        min(l.start) as began,
        max(l.stop) as ended,
        count(*) as attempts,
        count(*) filter (l.class = 'waste') as wasted,
        count(*) filter (l.state = 'running') as running,
        sum(micros(l.start, greatest(l.start, l.until)))::hugeint as us,
        coalesce(sum(o.own_us), 0)::hugeint as own_us
    from logged as l
    left join own_time as o on l.attempt = o.attempt
    where
        ($pipeline::varchar is null or substr(l.pipeline_node, 10) = $pipeline)
        and strftime(l.start, '%Y-%m') >= $first
        and strftime(l.start, '%Y-%m') < $after
    group by l.source, l.execution
)

select
    s.source,
    s.pipeline,
    s.run,
    s.began as start,
    case when s.running = 0 then s.ended end as stop,
    s.attempts::bigint as attempts,
    s.wasted::bigint as wasted,
    (s.us::decimal(30, 0) * 0.000001)::decimal(18, 6) as seconds,
    (s.own_us::decimal(30, 0) * 0.000001)::decimal(18, 6) as own_seconds,
    k.within,
    k.because
from summed as s
left join known as k on s.source = k.source and s.execution = k.inner_run
where s.began >= $start and s.began < $stop
order by s.began desc, s.source, s.execution
