-- Every attempt as its log tells of it, with the catalogue's pipeline for it and whether its time was work or waste.
-- Grain: one row per attempt; `job` numbers what is split alike: (source, pipeline, run,
-- part, class).
-- `execution` is the run with its pipeline: schedulers use one run id in many pipelines.
-- Reads: attempts, run_matches.
with wanted as (
    select coalesce(list(distinct key order by key) filter (key <> 'pipeline'), []) as keys
    from run_matches
),

-- Of the tags only what the catalogue asks for: many attempts are alike in that.
described as (
    select
        a.* exclude (month, tags, data_start, data_stop),
        list_transform(
            w.keys, lambda key: json_extract_string(a.tags, '$."' || key || '"')
        ) as told
    from attempts as a
    cross join wanted as w
),

identities as (
    select distinct source, pipeline, told
    from described
),

fitting as (
    select i.source, i.pipeline, i.told, m.node, m.position
    from identities as i
    cross join wanted as w
    inner join run_matches as m
        on
            (m.source is null or m.source = i.source)
            and (
                m.key is null
                or fits(
                    case m.key
                        when 'pipeline' then i.pipeline
                        else i.told[list_position(w.keys, m.key)]
                    end,
                    m.pattern
                )
            )
    group by all
    having count(distinct m.key) = any_value(m.keys)
),

named as (
    select source, pipeline, told, arg_min(node, position) as node, count(*) as claimants
    from fitting
    group by all
),

ends as (
    select source, max(greatest(start, stop)) as until
    from attempts
    group by source
),

-- Parts that were tried more than once.
again as (
    select source, pipeline, run, part, slice, max(try) as last_try
    from attempts
    group by all
    having max(try) > min(try)
),

placed as (
    select
        a.* exclude (told),
        coalesce(n.node, 'pipeline:' || a.pipeline) as pipeline_node,
        n.node is not null as known,
        coalesce(n.claimants, 0) as claimants,
        coalesce(a.stop, e.until) as until,
        t.last_try
    from described as a
    left join named as n
        on
            a.source = n.source
            and a.pipeline = n.pipeline
            and a.told is not distinct from n.told
    left join ends as e on a.source = e.source
    left join again as t
        on
            a.source = t.source
            and a.pipeline = t.pipeline
            and a.run = t.run
            and a.part = t.part
            and a.slice is not distinct from t.slice
),

classed as (
    select
        *,
        case
            when state in ('failed', 'killed') or try < last_try then 'waste' else 'work'
        end as class
    from placed
)

select
    * exclude (last_try, x_load, x_line),
    pipeline || '/' || run as execution,
    row_number() over (
        order by source, pipeline, run, part, slice, try, start, until, x_load, x_line
    ) as attempt,
    dense_rank() over (order by source, pipeline_node, pipeline, run, part, class) as job,
    (busy_s::decimal(38, 6) * 1000000)::hugeint as busy_us
from classed
