-- connectors/argo/attempts.sql
-- Pods of workflows as tries. Grain: one row per (workflow, pod). Reads: nodes.
-- A pod whose name says only what it does for Kubeflow takes that of the task that holds it.
with told as (
    select
        x_line,
        coalesce(words(uid), workflow) as uid,
        workflow,
        words(namespace) as namespace,
        id,
        "type" as node_type,
        phase,
        coalesce(words(displayName), id) as shown,
        words(templateName) as template_name,
        utc(startedAt) as start,
        utc(finishedAt) as stop,
        hostNodeName,
        boundaryID,
        json(resourcesDuration) as asked,
        json(labels) as labels,
        coalesce(json_extract_string(memoizationStatus, '$.hit') = 'true', false) as memoized,
        words(template) as template,
        words(generateName) as generated,
        children
    from nodes
),

-- A workflow that stands in two exports is the same one.
known as (
    select *
    from told
    qualify
        row_number() over (partition by uid, id order by stop desc nulls last, x_line) = 1
),

retried as (
    select
        uid as held_in,
        shown,
        unnest(from_json(children, '["VARCHAR"]')) as child
    from known
    where node_type = 'Retry'
),

pods as (
    select
        k.*,
        coalesce(r.shown, k.shown) as task,
        r.child is not null as is_retried,
        b.shown as holder
    from known as k
    left join retried as r on k.uid = r.held_in and k.id = r.child
    left join known as b on k.uid = b.uid and k.boundaryID = b.id
    where k.node_type = 'Pod' and k.start is not null
),

-- `train(2:fr)` is the third of a loop over train.
named as (
    select
        *,
        case
            when task in ('executor', 'driver', 'system-container-executor', 'system-container-driver')
                then coalesce(holder, task)
            else regexp_replace(task, '\(\d+(:.*)?\)$', '')
        end as part,
        try_cast(nullif(regexp_extract(task, '\((\d+)(:.*)?\)$', 1), '') as int) as slice,
        coalesce(quantity(asked ->> '$.cpu'), 0) as core_s,
        coalesce(quantity(asked ->> '$.memory'), 0) as memory_s,  -- of 100 MiB
        coalesce(quantity(asked ->> '$."nvidia.com/gpu"'), 0) as gpu_s
    from pods
)

select
    x_line,
    coalesce(
        template,
        labels ->> '$."workflows.argoproj.io/cron-workflow"',
        labels ->> '$."workflows.argoproj.io/workflow-template"',
        labels ->> '$."workflows.argoproj.io/cluster-workflow-template"',
        nullif(rtrim(generated, '-'), ''),
        workflow
    ) as pipeline,
    workflow as run,
    part,
    slice,
    case
        when is_retried
            then row_number() over (
                partition by uid, task, is_retried order by start, id
            )
        else 1
    end::int as try,
    case when memoized then 'cached' else phase end as state,
    start,
    stop,
    case when asked is not null or memoized then 1 end as size,
    case when asked is not null or memoized then 'weighted' end as size_unit,
    case
        when asked is not null or memoized
            then (9 * core_s + memory_s * 0.09765625 + 90 * gpu_s)::decimal(18, 6)
    end as busy_s,
    case when asked is not null or memoized then core_s end as vcpu,
    case when asked is not null or memoized then memory_s * 0.09765625 end as memory_gb,
    case when asked is not null or memoized then gpu_s end as gpu,
    json_merge_patch(
        coalesce(labels, '{}')::json,
        json_object(
            'namespace', namespace,
            'template', template_name,
            'node', words(hostNodeName),
            'pod', id
        )
    )::varchar as tags
from named
