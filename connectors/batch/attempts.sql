-- connectors/batch/attempts.sql
-- Jobs of Batch as tries. Grain: one row per (job, child of an array, attempt).
-- Reads: jobs. The last attempt ended as the job did; those before it failed, or they were the last.
with told as (
    select
        x_line,
        words(jobId) as id,
        words(jobName) as name,
        words(jobQueue) as queue,
        words(status) as status,
        words(jobDefinition) as definition,
        instant(createdAt) as made,
        instant(startedAt) as start,
        instant(stoppedAt) as stop,
        coalesce(json_extract(attempts, '$[*]'), json_extract(eksAttempts, '$[*]'), []) as tries,
        words(TaskArn) as task,
        coalesce(
            json_extract(Requirements, '$[*]'),
            json_extract(NodeRanges, '$[0].container.resourceRequirements[*]'),
            []
        ) as requirements,
        quantity(Vcpus) as vcpus,
        quantity(Memory) as memory_mb,
        whole(Nodes) as nodes,
        whole(ArraySize) as array_size,
        coalesce(
            whole(ArrayIndex), nullif(regexp_extract(jobId, ':([0-9]+)$', 1), '')::bigint
        ) as array_index,
        json(tags) as tags
    from jobs
),

-- A job that was described twice is what was said of it last.
ran as (
    select
        *,
        regexp_replace(regexp_extract(definition, '[^/]+$'), ':[0-9]+$', '') as pipeline,
        -- What it asked for: [{"type": "VCPU", "value": "4"}, …], memory in MiB.
        coalesce(
            list_filter(requirements, lambda one: one ->> '$.type' = 'VCPU')[1] ->> '$.value',
            vcpus::varchar
        )::decimal(12, 3) as cores,
        coalesce(
            list_filter(requirements, lambda one: one ->> '$.type' = 'MEMORY')[1] ->> '$.value',
            memory_mb::varchar
        )::decimal(18, 3) as memory,
        (list_filter(requirements, lambda one: one ->> '$.type' = 'GPU')[1] ->> '$.value')
            ::decimal(12, 3) as gpus
    from told
    where array_index is not null or array_size is null
    qualify
        row_number() over (
            partition by id order by stop is not null desc, len(tries) desc, x_line desc
        ) = 1
),

tries_told as (
    select
        *,
        unnest(tries) as attempt,
        generate_subscripts(tries, 1) as number
    from ran
),

tried as (
    select
        x_line,
        id,
        number,
        instant(attempt ->> '$.startedAt') as start,
        instant(attempt ->> '$.stoppedAt') as stop,
        case when number = len(tries) and status in ('SUCCEEDED', 'FAILED') then status else 'FAILED' end
            as state,
        coalesce(
            attempt ->> '$.container.taskArn', attempt ->> '$.taskProperties[0].taskArn'
        ) as task
    from tries_told
    union all
    -- What runs now stands in no list of attempts, nor does what a job without one did.
    select
        x_line,
        id,
        len(tries) + 1,
        start,
        stop,
        status,
        task
    from ran
    where
        start is not null
        and (len(tries) = 0 or (stop is null and status in ('STARTING', 'RUNNING')))
)

select
    t.x_line,
    r.pipeline,
    regexp_replace(r.id, ':[0-9]+$', '') as run,
    r.name as part,
    r.array_index::integer as slice,
    t.number::integer as try,
    t.state,
    t.start,
    t.stop,
    t.task as resource_id,
    (
        (9 * r.cores + coalesce(r.memory, 0) * 0.0009765625 + 90 * coalesce(r.gpus, 0))
        * coalesce(r.nodes, 1)
    )::decimal(18, 3) as size,
    case when r.cores is not null then 'weighted' end as size_unit,
    r.cores as vcpu,
    r.memory * 0.0009765625 as memory_gb,
    r.gpus as gpu,
    json_merge_patch(
        coalesce(r.tags, '{}')::json,
        json_object(
            'job_id', r.id,
            'job_name', r.name,
            'job_queue', regexp_extract(r.queue, '[^/]+$'),
            'job_definition', r.pipeline
        )
    )::varchar as tags
from tried as t
inner join ran as r on t.id = r.id
where t.start is not null
