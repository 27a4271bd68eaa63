-- connectors/dcgm/attempts.sql
-- How busy the GPUs of a pod were. Grain: one row per (pod, container, day), a run
-- of its own. Reads: series.
-- A sample stands for the time up to the next one, at most for the shortest step of all series.
with told as (
    select
        x_line,
        metric ->> '$.__name__' as measure,
        metric,
        -- Prometheus renames a label that it has itself: then pod is the exporter's own.
        bool_or(metric ->> '$.exported_pod' is not null) over () as renamed,
        json_extract("values", '$[*]') as pairs
    from series
),

metrics as (
    select
        x_line,
        measure,
        case when renamed then metric ->> '$.exported_namespace' else metric ->> '$.namespace' end
            as namespace,
        case when renamed then metric ->> '$.exported_pod' else metric ->> '$.pod' end as pod,
        case when renamed then metric ->> '$.exported_container' else metric ->> '$.container' end
            as container,
        coalesce(metric ->> '$.UUID', metric ->> '$.gpu', '')
        || coalesce('/' || (metric ->> '$.GPU_I_ID'), '') as gpu,
        metric ->> '$.Hostname' as node,
        unnest(pairs) as pair
    from told
    where measure in ('DCGM_FI_PROF_GR_ENGINE_ACTIVE', 'DCGM_FI_DEV_GPU_UTIL')
),

-- Of two metrics of one moment the profiling one: it knows the parts of a divided GPU.
samples as (
    select
        * exclude (pair),
        ((pair ->> 0)::decimal(18, 3) * 1000)::bigint as at_ms,
        case measure
            when 'DCGM_FI_DEV_GPU_UTIL' then (pair ->> 1)::decimal(18, 9) * 0.01
            else (pair ->> 1)::decimal(18, 9)
        end::decimal(18, 9) as active
    from metrics
    where pod is not null and pair ->> 1 <> 'NaN'
    qualify
        row_number() over (
            partition by namespace, pod, container, gpu, (pair ->> 0)::decimal(18, 3)
            order by measure desc, x_line
        ) = 1
),

stepped as (
    select
        *,
        lead(at_ms) over (partition by namespace, pod, container, gpu order by at_ms) - at_ms
            as step_ms
    from samples
),

lasting as (
    select
        *,
        least(step_ms, min(step_ms) over ()) as known_ms,
        coalesce(min(step_ms) over (), 0) as usual_ms
    from stepped
)

select
    min(x_line) as x_line,
    coalesce(namespace || '/', '')
    || regexp_replace(pod, '(-[0-9a-f]{8,10})?-[0-9a-z]{5}$', '') as pipeline,
    pod || strftime(make_timestamp(min(at_ms) * 1000), ' %Y-%m-%d') as run,
    coalesce(container, 'run') as part,
    1 as try,
    null::varchar as state,
    make_timestamp(min(at_ms) * 1000) as start,
    make_timestamp(max(at_ms + coalesce(known_ms, usual_ms)) * 1000) as stop,
    1 as size,
    'weighted' as size_unit,
    1 as gpu,
    trunc(sum(90 * active * coalesce(known_ms, usual_ms) * 0.001), 6)::decimal(18, 6) as busy_s,
    json_object(
        'namespace', namespace,
        'pod', pod,
        'container', container,
        'node', max(node),
        'gpus', count(distinct gpu)::varchar
    )::varchar as tags
from lasting
group by namespace, pod, container, make_timestamp(at_ms * 1000)::date
