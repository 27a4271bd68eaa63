-- A run with all that it is nested in and all that is nested in it, and whose each second is.
-- Grain: one row per attempt, outer runs before inner ones. `own_seconds` add up to the time that is
-- paid for; what an attempt has beside its own belongs to attempts `within` it. `because`: the log
-- names its `parent`, or its `time` lies within the other's, of one pipeline of the catalogue.
-- Reads: logged, tries, hosts, own_time, run_nests, time_nests. Takes: $source, $execution.
with recursive nests as (
    select source, inner_run, outer_source, outer_run
    from run_nests
    union
    select i.source, i.execution, o.source, o.execution
    from time_nests as t
    inner join logged as i on t.attempt = i.attempt
    inner join logged as o on t.outer_attempt = o.attempt
),

above as (
    select $source::varchar as source, $execution::varchar as execution
    union
    select n.outer_source, n.outer_run
    from above as a
    inner join nests as n on a.source = n.source and a.execution = n.inner_run
),

roots as (
    select source, execution
    from above
    where (source, execution) not in (
        select (n.source, n.inner_run)
        from nests as n
        inner join above as o on n.outer_source = o.source and n.outer_run = o.execution
    )
),

-- A run may be in several others: it stands once, under the first way to it.
down as (
    select source, execution, [source || ':' || execution] as way
    from (
        select source, execution from roots
        union
        select $source::varchar, $execution::varchar where not exists (select 1 from roots)
    ) as begun
    union all
    select n.source, n.inner_run, list_append(d.way, n.source || ':' || n.inner_run)
    from down as d
    inner join nests as n on d.source = n.outer_source and d.execution = n.outer_run
    where not list_contains(d.way, n.source || ':' || n.inner_run)
),

family as (
    select source, execution, min(way) as way, min(len(way)) - 1 as depth
    from down
    group by source, execution
),

by_parent as (
    select
        source,
        inner_run,
        string_agg(
            distinct outer_source || ':' || outer_run || coalesce('/' || part, ''), ', '
        ) as within
    from run_nests
    group by source, inner_run
),

labelled as (
    select
        t.*,
        t.source || ':' || t.execution || '/' || t.part
        || coalesce('[' || t.slice || ']', '') || ' try ' || t.try as label
    from tries as t
    semi join family as f on t.source = f.source and t.execution = f.execution
)

select
    f.depth::int as depth,
    l.source,
    l.pipeline,
    l.run,
    l.part || coalesce('[' || l.slice || ']', '') as part,
    l.try,
    l.state,
    l.start,
    l.stop,
    (micros(l.start, greatest(l.start, l.until))::decimal(30, 0) * 0.000001)::decimal(18, 6)
        as seconds,
    (coalesce(w.own_us, 0)::decimal(30, 0) * 0.000001)::decimal(18, 6) as own_seconds,
    coalesce(p.within, o.label) as within,
    case when p.within is not null then 'parent' when o.label is not null then 'time' end as because,
    coalesce(l.resource_id, r.resource_id) as resource_id,
    l.size,
    l.size_unit
from family as f
inner join labelled as l on f.source = l.source and f.execution = l.execution
left join own_time as w on l.attempt = w.attempt
left join by_parent as p on l.source = p.source and l.execution = p.inner_run
left join time_nests as t on l.attempt = t.attempt
left join labelled as o on t.outer_attempt = o.attempt
left join hosts as h on l.attempt = h.attempt
left join labelled as r on h.host = r.attempt
order by f.way, l.start, l.part, l.slice, l.try, l.attempt
