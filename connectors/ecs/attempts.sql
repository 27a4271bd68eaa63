-- connectors/ecs/attempts.sql
-- Tasks of ECS as tries. Grain: one row per task that began.
-- Reads: tasks, failures. A task that AWS no longer knows, and that had not stopped when it was last
-- seen, ran to that time. A service stops its tasks as it deploys and scales: that is no failure.
with told as (
    select
        x_line,
        words(taskArn) as arn,
        words(clusterArn) as cluster,
        words("group") as task_group,
        words(taskDefinitionArn) as definition,
        words(startedBy) as started_by,
        words(launchType) as launch_type,
        words(lastStatus) as status,
        words(stopCode) as stop_code,
        instant(startedAt) as start,
        instant(stoppedAt) as stop,
        instant(SeenAt) as seen,
        quantity(cpu) as cpu_units,
        quantity(memory) as memory_mb,
        containers,
        tags
    from tasks
),

latest as (
    select
        *,
        regexp_replace(regexp_extract(definition, '[^/]+$'), ':[0-9]+$', '') as family,
        -- [{"exitCode": 1, …}, …]: of the containers that say how they ended.
        list_filter(
            json_extract_string(containers, '$[*].exitCode'), lambda one: one <> '0'
        ) as bad_exits,
        list_sum(
            list_transform(
                coalesce(json_extract(containers, '$[*].gpuIds'), []),
                lambda one: coalesce(json_array_length(one), 0)
            )
        ) as gpus,
        arn in (select arn from failures where reason = 'MISSING') as is_gone
    from told
    where start is not null
    qualify row_number() over (partition by arn order by stop is not null desc, x_line desc) = 1
),

labels as (
    select
        arn,
        to_json(
            map_from_entries(
                list_transform(
                    json_extract(tags, '$[*]'),
                    lambda one: {'k': one ->> '$.key', 'v': one ->> '$.value'}
                )
            )
        ) as labels
    from latest
)

select
    t.x_line,
    coalesce(nullif(regexp_extract(t.task_group, '^service:(.+)$', 1), ''), t.family) as pipeline,
    regexp_extract(t.arn, '[^/]+$') as run,
    t.family as part,
    1 as try,
    case
        when t.status <> 'STOPPED' and not t.is_gone then 'running'
        when t.is_gone and t.status <> 'STOPPED' then 'succeeded'
        when t.stop_code in ('SpotInterruption', 'TerminationNotice') then 'killed'
        when t.stop_code = 'TaskFailedToStart' then 'failed'
        when starts_with(t.task_group, 'service:') and t.stop_code <> 'EssentialContainerExited'
            then 'succeeded'
        when t.stop_code in ('UserInitiated', 'ServiceSchedulerInitiated') then 'killed'
        when len(t.bad_exits) > 0 then 'failed'
        else 'succeeded'
    end as state,
    t.start,
    coalesce(t.stop, case when t.is_gone then greatest(t.seen, t.start) end) as stop,
    t.arn as resource_id,
    -- 1024 units of CPU are one vCPU; memory is in MiB.
    (
        9 * t.cpu_units * 0.0009765625 + coalesce(t.memory_mb, 0) * 0.0009765625
        + 90 * coalesce(t.gpus, 0)
    )::decimal(18, 3) as size,
    case when t.cpu_units is not null then 'weighted' end as size_unit,
    t.cpu_units * 0.0009765625 as vcpu,
    t.memory_mb * 0.0009765625 as memory_gb,
    t.gpus as gpu,
    json_merge_patch(
        coalesce(l.labels, '{}')::json,
        json_object(
            'cluster', regexp_extract(t.cluster, '[^/]+$'),
            'group', t.task_group,
            'family', t.family,
            'launch_type', t.launch_type,
            'started_by', t.started_by
        )
    )::varchar as tags
from latest as t
left join labels as l on t.arn = l.arn
