-- What ran when on one day: the parts of pipelines, tries of a part within five minutes of each other as one
-- bar. Parts beyond the busiest 24 are one lane, `(other parts)`. Grain: one row per (lane, stretch, is_failed).
-- Reads: attempts. Takes: $start and $stop, the day and the next one.
with tries as (
    select
        pipeline,
        part,
        run,
        state in ('failed', 'killed') as is_failed,
        greatest(start, $start::timestamp) as start,
        least(coalesce(stop, $stop::timestamp), $stop::timestamp) as stop
    from attempts
    where start < $stop::timestamp and coalesce(stop, $stop::timestamp) > $start::timestamp
),

lanes as (
    select
        pipeline,
        part,
        row_number() over (order by sum(epoch(stop - start)) desc, pipeline, part) as place
    from tries
    group by pipeline, part
),

laned as (
    select
        case when l.place > 24 then '(other parts)' else t.pipeline end as pipeline,
        case when l.place > 24 then null else t.part end as part,
        t.run,
        t.is_failed,
        t.start,
        t.stop
    from tries as t
    inner join lanes as l on t.pipeline = l.pipeline and t.part is not distinct from l.part
),

reached as (
    select
        *,
        max(stop) over (
            partition by pipeline, part, is_failed
            order by start, stop
            rows between unbounded preceding and 1 preceding
        ) as reached
    from laned
),

stretched as (
    select
        *,
        count(*) filter (reached is null or start > reached + interval 5 minute) over (
            partition by pipeline, part, is_failed
            order by start, stop
            rows unbounded preceding
        ) as stretch
    from reached
)

select
    pipeline,
    part,
    is_failed,
    min(start) as start,
    max(stop) as stop,
    count(distinct run) as runs,
    count(*) as tries
from stretched
group by pipeline, part, is_failed, stretch
order by pipeline, part, start, is_failed
